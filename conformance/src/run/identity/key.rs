//! RSA keys. One takes a good part of a second to make, so a run makes a few, beforehand, and gives them to many UUIDs.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};

use crate::scenario::Scheme;

/// So many lanes of a case have keys that nobody else in it has.
const KEYS: usize = 4;

/// A private key.
pub(in crate::run) struct Key(RsaKeyPair);

impl Key {
    pub(super) fn of(pair: RsaKeyPair) -> Key {
        Key(pair)
    }

    fn generate() -> Key {
        // It fails only without memory or randomness, and then nothing else works either.
        Key(RsaKeyPair::generate(KeySize::Rsa2048).expect("the machine has randomness for a key"))
    }

    /// A signature over these bytes.
    pub(in crate::run) fn sign(&self, bytes: &[u8], scheme: Scheme) -> Option<Vec<u8>> {
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

    /// The public half, as a DER SubjectPublicKeyInfo.
    pub(super) fn public(&self) -> Option<Vec<u8>> {
        let der = self.0.public_key().as_der().ok()?;
        Some(der.as_ref().to_vec())
    }
}

/// Nobody is shown a private key.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// The keys of a run.
pub(super) struct Keys {
    shared: Arc<Shared>,
    maker: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    keys: [OnceLock<Arc<Key>>; KEYS],
    ended: AtomicBool,
}

impl Keys {
    /// Begins to make them, in the background.
    pub(super) fn start() -> Keys {
        let shared = Arc::new(Shared::default());
        let making = Arc::clone(&shared);
        let maker = Builder::new().name("make keys".to_owned());
        Keys {
            shared,
            // Without a thread for it keys are made by those who need them.
            maker: maker.spawn(move || making.make_all()).ok(),
        }
    }

    /// The key for the lane with this number.
    pub(super) fn key(&self, lane: usize) -> Arc<Key> {
        self.shared.key(lane % KEYS)
    }
}

impl Shared {
    fn make_all(&self) {
        for index in 0..KEYS {
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            self.key(index);
        }
    }

    /// Made by whoever asks first; others wait for it.
    fn key(&self, index: usize) -> Arc<Key> {
        Arc::clone(self.keys[index].get_or_init(|| Arc::new(Key::generate())))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(maker) = self.maker.take() {
            // Who needs a key that it could not make has been told already.
            let _ = maker.join();
        }
    }
}
