//! The question that the room cannot answer itself, because the answer needs the registered keys.

use std::fmt;

use uuid::Uuid;

/// The question: was this signature made with the key that is registered for this UUID?
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// The UUID that the client states.
    pub uuid: Uuid,
    /// The signature of the UUID's 16 bytes.
    pub signature: Box<[u8]>,
}

/// A signature must stay secret, like a password, so `{:?}` does not show it.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({}, signature not shown)", self.uuid)
    }
}

/// The answer to a [`Claim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The signature is right.
    Verified,
    /// The signature is wrong, or no key is registered. Both cases have the same answer, because the client must not learn
    /// which of them is true.
    Refuted,
}
