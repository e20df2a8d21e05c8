//! A file of registered identities: on each line a UUID and the PEM file of its private key.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::RsaKeyPair;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use uuid::Uuid;

use super::{Identity, Key};
use crate::source::read_text;

/// Reads the identities of this file. The error is a text for people that says what is wrong with the file.
pub(super) fn read(file: &str) -> Result<Vec<Identity>, String> {
    let text =
        read_text(Path::new(file)).map_err(|error| format!("cannot read {file}: {error}"))?;
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let lines = text.lines().enumerate();
    lines
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            identity(folder, line).map_err(|why| format!("{file}, line {number}: {why}"))
        })
        .collect()
}

fn identity(folder: &Path, line: &str) -> Result<Identity, String> {
    let (uuid, key) = line.split_once(char::is_whitespace).ok_or_else(|| {
        "a line must be a UUID, a space, and the path of the file with its private key".to_owned()
    })?;
    let uuid = Uuid::try_parse(uuid).map_err(|_| format!("{uuid:?} is not a UUID"))?;
    let path = folder.join(key.trim());
    let shown = path.display();
    let der = PrivateKeyDer::from_pem_file(&path)
        .map_err(|error| format!("cannot read a private key in PEM from {shown}: {error}"))?;
    let pair = match &der {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(format!("the key in {shown} is not an RSA key")),
    };
    let pair = pair.map_err(|error| format!("the RSA key in {shown} cannot sign: {error}"))?;
    Ok(Identity {
        uuid: uuid.to_string(),
        key: Arc::new(Key::of(pair)),
    })
}
