//! The user's own identity: creates it, shows it, and registers it.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};

use crate::cli::output::{print, tell};
use matou_client::{
    CertificateFileError, FileError, Fingerprint, Identity, KeyBits, Registry, Trust, default_path,
};

/// Time limit for one request to a registry.
const REGISTRY_LIMIT: Duration = Duration::from_secs(10);

/// Create a new identity, and optionally register it
///
/// The file contains the UUID and the private key (PKCS#8 in PEM, which OpenSSL can read). Only you can read the file. An
/// existing file is never replaced, because a lost key cannot be recovered.
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    #[command(flatten)]
    file: IdentityFile,

    /// Size of the RSA key in bits
    #[arg(long, value_name = "BITS", default_value = "4096")]
    bits: Bits,

    /// Register the identity with a Chatr server's registry: https://HOST:PORT, or http://HOST:PORT on this machine
    #[arg(long, value_name = "URL")]
    register: Option<String>,

    #[command(flatten)]
    server: ServerTrust,
}

/// Show the UUID, the public key and its fingerprint
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    file: IdentityFile,
}

/// Register an existing identity with a Chatr server's registry
#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// Address of the registry: https://HOST:PORT, or http://HOST:PORT on this machine
    #[arg(value_name = "URL")]
    url: String,

    #[command(flatten)]
    file: IdentityFile,

    #[command(flatten)]
    server: ServerTrust,
}

/// Replace the key of your identity, in the registry and in the file
///
/// The old key signs the request. If you are connected with the old key, the server closes this connection.
#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    /// Address of the registry: https://HOST:PORT, or http://HOST:PORT on this machine
    #[arg(value_name = "URL")]
    url: String,

    #[command(flatten)]
    file: IdentityFile,

    /// Size of the RSA key in bits
    #[arg(long, value_name = "BITS", default_value = "4096")]
    bits: Bits,

    #[command(flatten)]
    server: ServerTrust,
}

/// The file of the identity.
#[derive(Debug, Args)]
pub(in crate::cli) struct IdentityFile {
    /// Identity file [default: matou/identity.pem in your data directory, such as ~/.local/share/matou/identity.pem]
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

/// The options that tell the client which server to trust.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerTrust {
    /// SHA-256 fingerprint of the server's certificate; the server prints the fingerprint when it starts
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "ca")]
    pin: Option<Fingerprint>,

    /// PEM file with the server's certificate, or with the certificate that signed it
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// The key sizes that the user can choose.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Bits {
    #[value(name = "2048")]
    Two,
    #[value(name = "3072")]
    Three,
    #[value(name = "4096")]
    Four,
    #[value(name = "8192")]
    Eight,
}

impl From<Bits> for KeyBits {
    fn from(bits: Bits) -> KeyBits {
        match bits {
            Bits::Two => KeyBits::Two,
            Bits::Three => KeyBits::Three,
            Bits::Four => KeyBits::Four,
            Bits::Eight => KeyBits::Eight,
        }
    }
}

impl IdentityFile {
    /// Returns whether the user named a file.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.identity.is_some()
    }

    /// Returns the path of the file.
    fn path(&self) -> Result<PathBuf, FileError> {
        self.identity.clone().map_or_else(default_path, Ok)
    }

    /// Loads the identity. Returns the path of the file, and the identity.
    pub(in crate::cli) fn load(&self) -> Result<(PathBuf, Identity), FileError> {
        let path = self.path()?;
        let identity = Identity::load(&path)?;
        Ok((path, identity))
    }
}

impl ServerTrust {
    /// Returns whether the user gave one of these options.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.pin.is_some() || self.ca.is_some()
    }

    /// Returns the servers to trust.
    pub(in crate::cli) fn trust(&self) -> Result<Trust, CertificateFileError> {
        match (self.pin, &self.ca) {
            (Some(pin), _) => Ok(Trust::Pin(pin)),
            (None, Some(path)) => Trust::from_file(path),
            (None, None) => Ok(Trust::None),
        }
    }
}

pub(super) fn new(arguments: &NewArgs) -> Result<(), Box<dyn Error>> {
    // Check the arguments first: generating a key takes time, and the user should see a mistake in the arguments at once.
    let path = arguments.file.path()?;
    let url = arguments.register.as_ref();
    let registry = url
        .map(|url| registry(url, &arguments.server))
        .transpose()?;
    if path.exists() {
        return Err(FileError::Exists(path).into());
    }
    let identity = Identity::generate(arguments.bits.into())?;
    // The UUID is printed before the file is written. So if printing fails, no file is written, and the user has seen the
    // UUID of every identity file.
    print(&format!("{}\n", identity.uuid()))?;
    identity.save(&path)?;
    tell(&format_args!("the private key is in {}", path.display()));
    let Some(registry) = registry else {
        return Ok(());
    };
    register(&registry, &identity).map_err(|why| {
        format!(
            "{why}\nthe identity was created, but not registered; register it with matou identity publish"
        )
        .into()
    })
}

pub(super) fn show(arguments: &ShowArgs) -> Result<(), Box<dyn Error>> {
    let (path, identity) = arguments.file.load()?;
    let (uuid, path, fingerprint) = (identity.uuid(), path.display(), identity.fingerprint());
    let pem = public_pem(&identity);
    let lines =
        format!("UUID         {uuid}\nfile         {path}\nfingerprint  {fingerprint}\n{pem}");
    Ok(print(&lines)?)
}

pub(super) fn publish(arguments: &PublishArgs) -> Result<(), Box<dyn Error>> {
    let (_, identity) = arguments.file.load()?;
    register(&registry(&arguments.url, &arguments.server)?, &identity)
}

/// Replaces the key. The new key is saved before the registry receives it, and the old key is kept until the registry has
/// accepted the new key.
pub(super) fn renew(arguments: &RenewArgs) -> Result<(), Box<dyn Error>> {
    let (path, old) = arguments.file.load()?;
    let registry = registry(&arguments.url, &arguments.server)?;
    let new = old.renewed(arguments.bits.into())?;
    let draft = path.with_extension("new");
    new.save(&draft)?;
    registry.replace(&old, &new).map_err(|why| {
        format!(
            "{why}\nthe identity file still has the old key, and the new key is in {}; if the server no longer \
             accepts the old key, use the new file as your identity file",
            draft.display()
        )
    })?;
    fs::rename(&draft, &path)
        .map_err(|why| format!("cannot rename the new key file {}: {why}", draft.display()))?;
    tell(&format_args!("{} has a new key", new.uuid()));
    Ok(())
}

fn registry(url: &str, server: &ServerTrust) -> Result<Registry, Box<dyn Error>> {
    Ok(Registry::new(url, &server.trust()?, REGISTRY_LIMIT)?)
}

fn register(registry: &Registry, identity: &Identity) -> Result<(), Box<dyn Error>> {
    registry.register(identity)?;
    tell(&format_args!("{} is registered", identity.uuid()));
    Ok(())
}

/// Formats the public key as PEM, which OpenSSL and `matou identity register` can read.
fn public_pem(identity: &Identity) -> String {
    let digits = STANDARD.encode(identity.public_key());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for line in digits.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|digit| char::from(*digit)));
        pem.push('\n');
    }
    pem + "-----END PUBLIC KEY-----\n"
}
