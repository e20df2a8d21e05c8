//! Passwords, and what is kept of them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// A password takes at most this many bytes.
pub const MAX_PASSWORD_BYTES: usize = 255;

/// Memory for one hash, in KiB: OWASP's first choice for Argon2id, about 25 ms on a server's core.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What the password of nobody is checked against, so that an unknown login costs what a wrong password costs. No password is
/// known to fit it, and one that did would open nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWF0b3UgaGFzIG5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password as it was typed. It does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Whatever a client claims to be its password.
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    /// Checks a password that is to be kept.
    ///
    /// # Errors
    /// When nobody could ever log in with it.
    pub fn check(&self) -> Result<(), PasswordRefused> {
        match self.0.len() {
            0 => Err(PasswordRefused::Empty),
            bytes if bytes > MAX_PASSWORD_BYTES => Err(PasswordRefused::TooLong { bytes }),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// Why a password is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefused {
    /// It has no bytes.
    Empty,
    /// It has more than [`MAX_PASSWORD_BYTES`].
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

impl fmt::Display for PasswordRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordRefused::Empty => f.write_str("a password needs at least one character"),
            PasswordRefused::TooLong { bytes } => write!(
                f,
                "the password takes {bytes} bytes, choose one of at most {MAX_PASSWORD_BYTES}"
            ),
        }
    }
}

impl std::error::Error for PasswordRefused {}

/// Makes and checks hashes, and counts how often.
#[derive(Debug, Default)]
pub(super) struct Hasher {
    count: AtomicU64,
}

impl Hasher {
    /// What is kept of a password: a PHC string with a new salt.
    pub(super) fn hash(&self, password: &Password) -> Result<String, String> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let hash: Result<argon2::PasswordHash, _> =
            argon2().and_then(|argon2| argon2.hash_password(password.0.as_bytes()));
        match hash {
            Ok(hash) => Ok(hash.to_string()),
            Err(error) => Err(format!("the password cannot be hashed: {error}")),
        }
    }

    /// Whether a password is the one of which this is kept; without any it is not, and finding that out takes as long.
    pub(super) fn verify(&self, password: &Password, kept: Option<&str>) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed);
        let fits = argon2().is_ok_and(|argon2| {
            let kept = kept.unwrap_or(NOBODY);
            argon2.verify_password(password.0.as_bytes(), kept).is_ok()
        });
        fits && kept.is_some()
    }

    /// How many hashes were computed.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

fn argon2() -> argon2::password_hash::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_and_no_other_does() {
        let hasher = Hasher::default();
        let kept = hasher.hash(&Password::new("townhall")).unwrap();
        assert!(hasher.verify(&Password::new("townhall"), Some(&kept)));
        assert!(!hasher.verify(&Password::new("Townhall"), Some(&kept)));
        assert!(!hasher.verify(&Password::new(""), Some(&kept)));
        assert_ne!(hasher.hash(&Password::new("townhall")).unwrap(), kept);
        assert_eq!(hasher.count(), 5);
    }

    #[test]
    fn nobody_s_hash_costs_what_a_real_one_costs() {
        let cost = |phc: &str| {
            phc.rsplit_once('$')
                .unwrap()
                .0
                .rsplit_once('$')
                .unwrap()
                .0
                .to_owned()
        };
        let hasher = Hasher::default();
        let kept = hasher.hash(&Password::new("townhall")).unwrap();
        assert_eq!(cost(&kept), cost(NOBODY));
        // It can be read: otherwise nothing would be computed.
        let nobody = argon2::PasswordHash::new(NOBODY).unwrap();
        assert_eq!(nobody.hash.map(|hash| hash.len()), Some(32));
        assert!(!hasher.verify(&Password::new("townhall"), None));
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(
            format!("{:?}", Password::new("townhall")),
            "Password(hidden)"
        );
    }
}
