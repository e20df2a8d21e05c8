//! Passwords and their hashes.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::Output;
use argon2::password_hash::{self, PasswordHasher};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use parking_lot::Mutex;

/// Maximum length of a password in bytes.
pub const MAX_PASSWORD_BYTES: usize = 255;

/// Memory for one hash, in KiB. OWASP recommends this value for Argon2id. With this value, a hash
/// takes about 27 ms on one core.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// When a login has no account, the password is checked against this hash, so that an unknown login
/// takes as long as a wrong password. Nobody knows a password that matches this hash. Even such a
/// password would be refused, because there is no account.
const NO_ACCOUNT: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWF0b3UgaGFzIG5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password in plain text. Its `Debug` output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Makes a password from any text. [`Password::check`] tests whether it is allowed.
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    /// Checks that the password is allowed.
    ///
    /// # Errors
    /// Fails when the password is empty or too long: no client could log in with it.
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

/// Why a password is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRefused {
    /// The password has no bytes.
    Empty,
    /// The password has more than [`MAX_PASSWORD_BYTES`] bytes.
    TooLong {
        /// The length of the password, in bytes.
        bytes: usize,
    },
}

impl fmt::Display for PasswordRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordRefused::Empty => f.write_str("a password needs at least one character"),
            PasswordRefused::TooLong { bytes } => write!(
                f,
                "the password has {bytes} bytes; choose a password of at most {MAX_PASSWORD_BYTES} bytes"
            ),
        }
    }
}

impl std::error::Error for PasswordRefused {}

/// Makes and checks hashes, and counts them.
///
/// The lock of `memory` is held only to take a buffer or to give it back, not while a hash is
/// computed.
#[derive(Default)]
pub(super) struct Hasher {
    count: AtomicU64,
    /// Buffers of 19 MiB, which are used again for the next hashes. Their number is the largest
    /// number of hashes that were computed at the same time. A new buffer for each hash would take
    /// time, and the heap would keep the memory of several old buffers.
    memory: Mutex<Vec<Vec<Block>>>,
}

impl Hasher {
    /// Returns the hash of a password with a new salt, as a PHC string. The program stores only
    /// this string.
    pub(super) fn hash(&self, password: &Password) -> Result<String, String> {
        self.count.fetch_add(1, Ordering::Relaxed);
        match kept_of(password) {
            Ok(kept) => Ok(kept.to_string()),
            Err(error) => Err(format!("the password cannot be hashed: {error}")),
        }
    }

    /// Returns true when the password matches the hash. If there is no hash, this method returns
    /// false, but takes as long as a real check.
    pub(super) fn verify(&self, password: &Password, kept: Option<&str>) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed);
        let fits = self.fits(password, kept.unwrap_or(NO_ACCOUNT));
        fits.unwrap_or(false) && kept.is_some()
    }

    /// Returns how many hashes were computed.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn fits(&self, password: &Password, kept: &str) -> password_hash::Result<bool> {
        let kept = PasswordHash::new(kept)?;
        let (Some(salt), Some(expected)) = (&kept.salt, &kept.hash) else {
            return Ok(false);
        };
        let algorithm = Algorithm::try_from(kept.algorithm.as_str())?;
        let version = kept.version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let params = Params::try_from(&kept)?;
        let mut memory = self.memory.lock().pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let mut computed = [0; Output::MAX_LENGTH];
        let computed = &mut computed[..expected.len()];
        let argon2 = Argon2::new(algorithm, version, params);
        let password = password.0.as_bytes();
        argon2.hash_password_into_with_memory(password, salt, computed, &mut memory[..])?;
        self.memory.lock().push(memory);
        // This comparison always takes the same time, so a client learns nothing about the hash
        // from this time.
        Ok(Output::new(computed)? == *expected)
    }
}

fn kept_of(password: &Password) -> password_hash::Result<PasswordHash> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(password.0.as_bytes())
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({} hashes)", self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_and_no_other() {
        let hasher = Hasher::default();
        let kept = hasher.hash(&Password::new("townhall")).unwrap();
        assert!(hasher.verify(&Password::new("townhall"), Some(&kept)));
        assert!(!hasher.verify(&Password::new("Townhall"), Some(&kept)));
        assert!(!hasher.verify(&Password::new(""), Some(&kept)));
        assert_ne!(hasher.hash(&Password::new("townhall")).unwrap(), kept);
        assert_eq!(hasher.count(), 5);
    }

    #[test]
    fn the_hash_for_unknown_logins_costs_what_a_real_one_costs() {
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
        assert_eq!(cost(&kept), cost(NO_ACCOUNT));
        // `NO_ACCOUNT` must be a valid PHC string. Otherwise no hash would be computed for an
        // unknown login.
        let unknown = PasswordHash::new(NO_ACCOUNT).unwrap();
        assert_eq!(unknown.hash.map(|hash| hash.len()), Some(32));
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
