//! The public keys of clients, and the check of their signatures.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

/// Minimum bits of a key: a shorter one can be broken.
pub const MIN_KEY_BITS: usize = 2048;

/// Maximum bits of a key: with a larger one, checking a signature takes longer.
pub const MAX_KEY_BITS: usize = 8192;

/// An RSA public key that the server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: Box<[u8]>,
}

/// Why a key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefused {
    /// It is not the DER SubjectPublicKeyInfo of an RSA key.
    NotRsa,
    /// It is too short or too long.
    Size {
        /// Bits of its modulus.
        bits: usize,
    },
}

/// The signature was not made with the key, or not of these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forged;

/// A key whose private half was never kept.
const DECOY: &[u8] = include_bytes!("decoy.der");

impl PublicKey {
    /// A key with which nothing was ever signed. Signatures of unknown clients are checked against
    /// it, so that the check takes as long as any other.
    pub fn decoy() -> PublicKey {
        PublicKey { der: DECOY.into() }
    }

    /// Reads a DER SubjectPublicKeyInfo: what Java calls X.509, and
    /// `openssl pkey -pubout -outform DER` writes.
    ///
    /// # Errors
    /// When it is something else, or of a size that is not accepted.
    pub fn from_der(der: &[u8]) -> Result<PublicKey, KeyRefused> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| KeyRefused::NotRsa)?;
        let bits = bits(key.modulus().big_endian_without_leading_zero());
        if !(MIN_KEY_BITS..=MAX_KEY_BITS).contains(&bits) {
            return Err(KeyRefused::Size { bits });
        }
        // Each key has one form here: no other structure, and no bytes after it.
        match key.as_der() {
            Ok(own) if own.as_ref() == der => Ok(PublicKey { der: der.into() }),
            _ => Err(KeyRefused::NotRsa),
        }
    }

    /// The DER SubjectPublicKeyInfo.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Checks a signature (SHA256withRSA, which is PKCS #1 v1.5) of these bytes.
    ///
    /// # Errors
    /// When it was not made with the private half of this key.
    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Forged> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.der)
            .verify(signed, signature)
            .map_err(|_| Forged)
    }
}

fn bits(big_endian: &[u8]) -> usize {
    let unused = big_endian.first().map_or(0, |byte| byte.leading_zeros());
    (8 * big_endian.len()).saturating_sub(unused as usize)
}

impl fmt::Display for KeyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyRefused::NotRsa => {
                f.write_str("the key is not the SubjectPublicKeyInfo (DER) of an RSA key")
            }
            KeyRefused::Size { bits } => write!(
                f,
                "the key has {bits} bits; keys of {MIN_KEY_BITS} to {MAX_KEY_BITS} bits are accepted"
            ),
        }
    }
}

impl std::error::Error for KeyRefused {}

impl fmt::Display for Forged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature was not made with this key")
    }
}

impl std::error::Error for Forged {}
