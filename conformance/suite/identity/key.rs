//! RSA keys.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};

use crate::scenario::Scheme;

/// A private key.
pub struct Key(RsaKeyPair);

impl Key {
    /// Returns this RSA key pair as a [`Key`].
    pub fn of(pair: RsaKeyPair) -> Key {
        Key(pair)
    }

    /// Makes a new key. This takes a large part of a second.
    #[expect(
        clippy::expect_used,
        reason = "if the system has no memory or no randomness, nothing else works either"
    )]
    pub fn generate() -> Key {
        Key(RsaKeyPair::generate(KeySize::Rsa2048).expect("the machine has randomness for a key"))
    }

    /// Returns a signature over these bytes.
    pub fn sign(&self, bytes: &[u8], scheme: Scheme) -> Option<Vec<u8>> {
        let encoding: &'static dyn RsaEncoding = match scheme {
            Scheme::Sha256 => &RSA_PKCS1_SHA256,
            Scheme::Sha512 => &RSA_PKCS1_SHA512,
            Scheme::Pss => &RSA_PSS_SHA256,
        };
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self
            .0
            .sign(encoding, &SystemRandom::new(), bytes, &mut signature);
        signed.is_ok().then_some(signature)
    }

    /// Returns the public key, as a DER SubjectPublicKeyInfo.
    pub fn public(&self) -> Option<Vec<u8>> {
        let der = self.0.public_key().as_der().ok()?;
        Some(der.as_ref().to_vec())
    }
}

/// Shows only the name of the type, because no output may contain a private key.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
