//! One's own identity: made, shown, and told to a registry.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};

use matou_client::{
    CertificateFileError, FileError, Fingerprint, Identity, KeyBits, Registry, Trust, default_path,
};

/// One request to a registry takes no longer.
const REGISTRY_LIMIT: Duration = Duration::from_secs(10);

/// Make a new identity, and register it where --register says
///
/// The file has the UUID and the private key (PKCS#8 in PEM, as OpenSSL reads it), only you can read it, and it is never
/// replaced: whoever loses the key loses the identity.
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    #[command(flatten)]
    file: IdentityFile,

    /// How many bits the RSA key has
    #[arg(long, value_name = "BITS", default_value = "4096")]
    bits: Bits,

    /// Register it with a Chatr server's registry: https://HOST:PORT, or http://HOST:PORT on this machine
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

/// Register an identity that exists with a Chatr server's registry
#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// The registry: https://HOST:PORT, or http://HOST:PORT on this machine
    #[arg(value_name = "URL")]
    url: String,

    #[command(flatten)]
    file: IdentityFile,

    #[command(flatten)]
    server: ServerTrust,
}

/// Put a new key in the place of the old one, with the registry and in the file
///
/// The old key signs that the new one is yours. A connection that was made with the old one is closed by the server.
#[derive(Debug, Args)]
pub(super) struct RenewArgs {
    /// The registry: https://HOST:PORT, or http://HOST:PORT on this machine
    #[arg(value_name = "URL")]
    url: String,

    #[command(flatten)]
    file: IdentityFile,

    /// How many bits the RSA key has
    #[arg(long, value_name = "BITS", default_value = "4096")]
    bits: Bits,

    #[command(flatten)]
    server: ServerTrust,
}

/// Where the identity is.
#[derive(Debug, Args)]
pub(in crate::cli) struct IdentityFile {
    /// The file of the identity; matou/identity.pem in your folder for data unless given
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

/// How the server proves who it is.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerTrust {
    /// The SHA-256 fingerprint of the server's certificate, which it prints at its start
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "ca")]
    pin: Option<Fingerprint>,

    /// A PEM file with the server's certificate, or with that of whoever signed it
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// The sizes that there are.
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
    /// Whether one was named.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.identity.is_some()
    }

    /// Its path.
    fn path(&self) -> Result<PathBuf, FileError> {
        self.identity.clone().map_or_else(default_path, Ok)
    }

    /// It, and where it is.
    pub(in crate::cli) fn load(&self) -> Result<(PathBuf, Identity), FileError> {
        let path = self.path()?;
        let identity = Identity::load(&path)?;
        Ok((path, identity))
    }
}

impl ServerTrust {
    /// Whether anything was said.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.pin.is_some() || self.ca.is_some()
    }

    /// Who is trusted.
    pub(in crate::cli) fn trust(&self) -> Result<Trust, CertificateFileError> {
        match (self.pin, &self.ca) {
            (Some(pin), _) => Ok(Trust::Pin(pin)),
            (None, Some(path)) => Trust::from_file(path),
            (None, None) => Ok(Trust::Nobody),
        }
    }
}

pub(super) fn new(arguments: &NewArgs) -> Result<(), Box<dyn Error>> {
    // What is wrong with the arguments is said before a key is made.
    let path = arguments.file.path()?;
    let url = arguments.register.as_ref();
    let registry = url
        .map(|url| registry(url, &arguments.server))
        .transpose()?;
    if path.exists() {
        return Err(FileError::Exists(path).into());
    }
    let identity = Identity::generate(arguments.bits.into())?;
    identity.save(&path)?;
    println!("{}", identity.uuid());
    eprintln!("matou: the private key is in {}", path.display());
    let Some(registry) = registry else {
        return Ok(());
    };
    register(&registry, &identity).map_err(|why| {
        format!(
            "{why}\nthe identity is made, but not registered; try again with matou identity publish"
        )
        .into()
    })
}

pub(super) fn show(arguments: &ShowArgs) -> Result<(), Box<dyn Error>> {
    let (path, identity) = arguments.file.load()?;
    println!("UUID         {}", identity.uuid());
    println!("file         {}", path.display());
    println!("fingerprint  {}", identity.fingerprint());
    print!("{}", public_pem(&identity));
    Ok(())
}

pub(super) fn publish(arguments: &PublishArgs) -> Result<(), Box<dyn Error>> {
    let (_, identity) = arguments.file.load()?;
    register(&registry(&arguments.url, &arguments.server)?, &identity)
}

/// The new key is on the disk before the registry hears of it, and the old one until the registry has taken the new one.
pub(super) fn renew(arguments: &RenewArgs) -> Result<(), Box<dyn Error>> {
    let (path, old) = arguments.file.load()?;
    let registry = registry(&arguments.url, &arguments.server)?;
    let new = old.renewed(arguments.bits.into())?;
    let draft = path.with_extension("new");
    new.save(&draft)?;
    registry.replace(&old, &new).map_err(|why| {
        format!(
            "{why}\nthe new key is in {}, the old one where it was; if you cannot connect with the old one any more, the registry has the new one",
            draft.display()
        )
    })?;
    fs::rename(&draft, &path)
        .map_err(|why| format!("the new key is in {} now: {why}", draft.display()))?;
    eprintln!("matou: {} has a new key", new.uuid());
    Ok(())
}

fn registry(url: &str, server: &ServerTrust) -> Result<Registry, Box<dyn Error>> {
    Ok(Registry::new(url, &server.trust()?, REGISTRY_LIMIT)?)
}

fn register(registry: &Registry, identity: &Identity) -> Result<(), Box<dyn Error>> {
    registry.register(identity)?;
    eprintln!("matou: {} is registered", identity.uuid());
    Ok(())
}

/// The public key as OpenSSL and the server's operator take it.
fn public_pem(identity: &Identity) -> String {
    let digits = STANDARD.encode(identity.public_key());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for line in digits.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|digit| char::from(*digit)));
        pem.push('\n');
    }
    pem + "-----END PUBLIC KEY-----\n"
}
