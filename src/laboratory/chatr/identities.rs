//! The registered identities of the laboratory: many UUIDs that share a few keys. The suite reads them from a file.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::{fs, io};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use matou_server::net::{Certificate, CertificateError};
use matou_server::store::PublicKey;
use tempfile::TempDir;
use uuid::Uuid;

use crate::running::StartError;

const KEYS: usize = 3;
const IDENTITIES: usize = 96;

struct Registered {
    folder: TempDir,
    keys: Vec<PublicKey>,
    /// For each client's UUID, the index of its key.
    owners: HashMap<Uuid, usize>,
}

/// All servers of a process share the identities, because making keys takes a long time.
static REGISTERED: LazyLock<io::Result<Registered>> = LazyLock::new(|| {
    let folder = TempDir::new()?;
    let keys = (0..KEYS).map(|index| new_key(folder.path(), index));
    let keys = keys.collect::<io::Result<_>>()?;
    let owners: Vec<(Uuid, usize)> = (0..IDENTITIES)
        .map(|it| (Uuid::new_v4(), it % KEYS))
        .collect();
    let lines: String = owners
        .iter()
        .map(|(uuid, key)| format!("{uuid} {key}.pem\n"))
        .collect();
    fs::write(folder.path().join("identities"), lines)?;
    Ok(Registered {
        folder,
        keys,
        owners: owners.into_iter().collect(),
    })
});

/// Makes a pair of keys, writes the private key into the folder, and returns the public key.
fn new_key(folder: &Path, index: usize) -> io::Result<PublicKey> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(io::Error::other)?;
    let text = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(private.as_ref())
    );
    fs::write(folder.join(format!("{index}.pem")), text)?;
    let public = pair.public_key().as_der().map_err(io::Error::other)?;
    PublicKey::from_der(public.as_ref()).map_err(io::Error::other)
}

fn registered() -> Result<&'static Registered, StartError> {
    REGISTERED.as_ref().map_err(StartError::Identities)
}

/// Returns the path of the file from which the suite reads the identities.
pub(super) fn file() -> Result<String, StartError> {
    let file = registered()?.folder.path().join("identities");
    Ok(file.display().to_string())
}

/// Returns the certificate of all servers.
pub(super) fn certificate() -> Result<&'static Certificate, StartError> {
    static MADE: OnceLock<Result<Certificate, CertificateError>> = OnceLock::new();
    let folder = registered()?.folder.path();
    let made = MADE.get_or_init(|| Certificate::kept_in(folder));
    made.as_ref().map_err(StartError::Certificate)
}

/// Returns the key that is registered for this UUID.
pub(super) fn key_of(uuid: Uuid) -> Option<&'static PublicKey> {
    let registered = registered().ok()?;
    let index = registered.owners.get(&uuid)?;
    registered.keys.get(*index)
}

/// Returns every registered key.
pub(super) fn all_keys() -> &'static [PublicKey] {
    registered().map_or(&[], |registered| &registered.keys)
}
