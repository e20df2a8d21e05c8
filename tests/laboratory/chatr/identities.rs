//! The registered identities of the laboratory: many UUIDs that share a few keys. The suite reads them from a file.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use matou_server::store::PublicKey;
use tempfile::TempDir;
use uuid::Uuid;

const KEYS: usize = 3;
const IDENTITIES: usize = 96;

struct Registered {
    folder: TempDir,
    keys: Vec<Vec<u8>>,
    owners: HashMap<Uuid, usize>,
}

static REGISTERED: LazyLock<Registered> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let keys = (0..KEYS)
        .map(|index| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
            let text = format!(
                "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                STANDARD.encode(private.as_ref())
            );
            std::fs::write(folder.path().join(format!("{index}.pem")), text).unwrap();
            pair.public_key().as_der().unwrap().as_ref().to_vec()
        })
        .collect();
    let owners: Vec<(Uuid, usize)> = (0..IDENTITIES)
        .map(|it| (Uuid::new_v4(), it % KEYS))
        .collect();
    let mut lines = String::new();
    for (uuid, key) in &owners {
        writeln!(lines, "{uuid} {key}.pem").unwrap();
    }
    std::fs::write(folder.path().join("identities"), lines).unwrap();
    Registered {
        folder,
        keys,
        owners: owners.into_iter().collect(),
    }
});

/// Returns the folder with the file and the keys.
pub(super) fn folder() -> &'static Path {
    REGISTERED.folder.path()
}

/// Returns the path of the file for the suite.
pub(super) fn file() -> String {
    folder().join("identities").display().to_string()
}

/// Returns the key that is registered for this UUID.
pub(super) fn key_of(uuid: Uuid) -> Option<PublicKey> {
    let index = *REGISTERED.owners.get(&uuid)?;
    PublicKey::from_der(&REGISTERED.keys[index]).ok()
}

/// Returns every registered key.
pub(super) fn all_keys() -> Vec<PublicKey> {
    let keys = REGISTERED.keys.iter();
    keys.map(|der| PublicKey::from_der(der).unwrap()).collect()
}
