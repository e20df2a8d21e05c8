//! The public keys of clients. The server uses them to check the signatures that clients make.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

/// Minimum size of a key in bits. An attacker could break a shorter key.
pub const MIN_KEY_BITS: usize = 2048;

/// Maximum size of a key in bits. With a larger key, checking a signature would take too long.
pub const MAX_KEY_BITS: usize = 8192;

/// An RSA public key that the server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    der: Box<[u8]>,
}

/// Why a key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefused {
    /// The key is not the DER SubjectPublicKeyInfo of an RSA key.
    NotRsa,
    /// The key is too short or too long.
    Size {
        /// Number of bits of the key's modulus.
        bits: usize,
    },
}

/// The error for a wrong signature: it was made with the private key of another key pair, or for
/// other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forged;

/// The public key of a key pair whose private key was never stored, so no client has that private
/// key.
const DECOY: &[u8] = include_bytes!("decoy.der");

impl PublicKey {
    /// Returns a key that belongs to no client. The server checks the signatures of unknown clients
    /// with this key, so that such a check takes the same time as any other.
    pub fn decoy() -> PublicKey {
        PublicKey { der: DECOY.into() }
    }

    /// Reads a key in the format SubjectPublicKeyInfo in DER. Java calls this format X.509, and
    /// `openssl pkey -pubout -outform DER` writes it.
    ///
    /// # Errors
    /// Fails when the bytes are not an RSA key in this format, or when the key has a size that is
    /// not accepted.
    pub fn from_der(der: &[u8]) -> Result<PublicKey, KeyRefused> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| KeyRefused::NotRsa)?;
        let bits = bits(key.modulus().big_endian_without_leading_zero());
        if !(MIN_KEY_BITS..=MAX_KEY_BITS).contains(&bits) {
            return Err(KeyRefused::Size { bits });
        }
        // Only one encoding of each key is accepted. Other encodings of the same key are refused,
        // and so are bytes after the key.
        match key.as_der() {
            Ok(own) if own.as_ref() == der => Ok(PublicKey { der: der.into() }),
            _ => Err(KeyRefused::NotRsa),
        }
    }

    /// Returns the key as SubjectPublicKeyInfo in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Checks a signature of these bytes (SHA256withRSA with PKCS #1 v1.5).
    ///
    /// # Errors
    /// Fails when the signature was not made from these bytes with the private key that belongs to
    /// this key.
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
