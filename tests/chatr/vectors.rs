//! Keys and signatures that other programs made: `KeyPairGenerator` of Java 17 and `openssl genpkey` of OpenSSL 3. Most keys
//! (`NAME.der`) have three other files: `NAME.uuid.sig` is a signature of the UUID's bytes, `NAME.json` is a request body
//! for the registry, and `NAME.json.sig` is a signature of that body.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::{Uuid, uuid};

/// The UUID in the signatures: each key has signed the bytes of this UUID.
pub(crate) const UUID: Uuid = uuid!("6f9619ff-8b86-4011-b42d-00c04fc964ff");

/// The keys that have all four files.
pub(crate) const KEYS: [&str; 5] = [
    "java-2048",
    "java-4096",
    "java-8192",
    "openssl-2048",
    "openssl-4096",
];

pub(crate) fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/chatr/keys")
        .join(file)
}

pub(crate) fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the content of a file in Base64.
pub(crate) fn base64(file: &str) -> String {
    STANDARD.encode(bytes(file))
}
