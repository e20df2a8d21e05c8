//! What the room asks because only the registered keys can tell.

use std::fmt;

use uuid::Uuid;

/// What the room must ask: is this signature made with the key that is registered for this UUID?
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who somebody says to be.
    pub uuid: Uuid,
    /// Of the 16 bytes of the UUID.
    pub signature: Box<[u8]>,
}

/// The signature is as good as a password.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({}, signature not shown)", self.uuid)
    }
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Verified,
    /// It is not, or no key is registered: nobody shall learn which.
    Refuted,
}
