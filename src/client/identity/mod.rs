//! The identity of a user of Chatr Connect: a UUID, and the RSA key that proves it.

mod file;
mod fingerprint;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use uuid::Uuid;

pub use file::{FileError, default_book, default_path};
pub use fingerprint::{Fingerprint, FingerprintError};

/// The size of an RSA key, in bits: only the sizes that both the key generator and the server support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBits {
    /// 2048, the minimum.
    Two,
    /// 3072.
    Three,
    /// 4096: the size that the protocol's document asks for.
    Four,
    /// 8192, the maximum.
    Eight,
}

impl KeyBits {
    fn size(self) -> KeySize {
        match self {
            KeyBits::Two => KeySize::Rsa2048,
            KeyBits::Three => KeySize::Rsa3072,
            KeyBits::Four => KeySize::Rsa4096,
            KeyBits::Eight => KeySize::Rsa8192,
        }
    }
}

/// A UUID and its key.
pub struct Identity {
    uuid: Uuid,
    pair: KeyPair,
    /// The private key in PKCS#8, as the identity file contains it.
    private: Pkcs8V1Der<'static>,
    /// The public key as the registry stores it: a DER SubjectPublicKeyInfo.
    public: PublicKeyX509Der<'static>,
}

/// The cryptography library failed, or rejected the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError(&'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for KeyError {}

impl Identity {
    /// Generates a random identity. With a key of 4096 bits this takes about a second.
    ///
    /// # Errors
    /// Fails if the system gives no random numbers.
    pub fn generate(bits: KeyBits) -> Result<Identity, KeyError> {
        Identity::of(Uuid::new_v4(), new_pair(bits)?)
    }

    /// Generates a new key for the same UUID.
    ///
    /// # Errors
    /// Fails if the system gives no random numbers.
    pub fn renewed(&self, bits: KeyBits) -> Result<Identity, KeyError> {
        Identity::of(self.uuid, new_pair(bits)?)
    }

    /// Creates an identity from a UUID and a private key in PKCS#8.
    ///
    /// # Errors
    /// Fails if the key is not an RSA key of 2048 to 8192 bits.
    pub fn from_pkcs8(uuid: Uuid, der: &[u8]) -> Result<Identity, KeyError> {
        let pair = KeyPair::from_pkcs8(der)
            .map_err(|_| KeyError("the key is not an RSA key of 2048 to 8192 bits"))?;
        Identity::of(uuid, pair)
    }

    fn of(uuid: Uuid, pair: KeyPair) -> Result<Identity, KeyError> {
        const FAILED: KeyError = KeyError("the key cannot be written as DER");
        Ok(Identity {
            uuid,
            private: pair.as_der().map_err(|_| FAILED)?,
            public: pair.public_key().as_der().map_err(|_| FAILED)?,
            pair,
        })
    }

    /// Returns the UUID.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Returns the public key as a DER SubjectPublicKeyInfo.
    pub fn public_key(&self) -> &[u8] {
        self.public.as_ref()
    }

    /// Returns the fingerprint of the public key.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.public_key())
    }

    /// Signs with SHA256withRSA (PKCS#1 v1.5), the signature that the protocol uses everywhere.
    ///
    /// # Errors
    /// Fails if the cryptographic library reports an error.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
            .map_err(|_| KeyError("the key cannot sign"))?;
        Ok(signature)
    }

    /// Returns the key for TLS, with the raw public key instead of a certificate (RFC 7250).
    ///
    /// # Errors
    /// Fails if TLS cannot use the key.
    pub fn for_tls(&self) -> Result<Arc<CertifiedKey>, KeyError> {
        let private = PrivateKeyDer::Pkcs8(self.private.as_ref().to_vec().into());
        let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&private)
            .map_err(|_| KeyError("TLS cannot use the key"))?;
        let public = CertificateDer::from(self.public_key().to_vec());
        Ok(Arc::new(CertifiedKey::new(vec![public], signer)))
    }
}

fn new_pair(bits: KeyBits) -> Result<KeyPair, KeyError> {
    KeyPair::generate(bits.size())
        .map_err(|_| KeyError("cannot generate a key: the system gave no random numbers"))
}

/// Does not show the private key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    #[test]
    fn a_signature_is_verified_by_its_public_key_and_by_no_other() {
        let identity = Identity::generate(KeyBits::Two).unwrap();
        let other = Identity::generate(KeyBits::Two).unwrap();
        assert_ne!(identity.uuid(), other.uuid());
        let signature = identity.sign(b"text").unwrap();
        let verify = |identity: &Identity| {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, identity.public_key())
                .verify(b"text", &signature)
                .is_ok()
        };
        assert!(verify(&identity));
        assert!(!verify(&other));
    }
}
