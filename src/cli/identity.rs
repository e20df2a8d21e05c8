//! `matou identity`: the user's own identity in Chatr Connect, and the identities that a server accepts.

pub(super) mod own;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use uuid::Uuid;

use super::WRONG_USAGE;
use super::data::DataArgs;
use super::output::{failed, print};
use matou_server::store::{Identities, PublicKey};

/// Manage identities of Chatr Connect; an identity is a UUID with an RSA key
///
/// The commands new, show, publish and renew manage your own identity. The commands register, remove and list manage the
/// identities that your server accepts.
#[derive(Debug, Args)]
pub(super) struct IdentityArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(own::NewArgs),
    Show(own::ShowArgs),
    Publish(own::PublishArgs),
    Renew(own::RenewArgs),
    Register(RegisterArgs),
    Remove(RemoveArgs),
    List(ListArgs),
}

/// Add a UUID and its public key to the server's database; the server may be running
#[derive(Debug, Args)]
struct RegisterArgs {
    /// UUID of the client, such as 0b8f6a2c-5d14-4c3e-9a77-2f0d1e6b3c58
    uuid: Uuid,
    /// File with the public key: RSA, 2048 to 8192 bits, PEM or DER (SubjectPublicKeyInfo)
    ///
    /// `openssl pkey -pubout` and Java's PublicKey.getEncoded() write this format.
    key: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

/// Remove a UUID from the server's database; a client that is connected with this UUID stays connected until it leaves
#[derive(Debug, Args)]
struct RemoveArgs {
    /// UUID to remove
    uuid: Uuid,
    #[command(flatten)]
    data: DataArgs,
}

/// List the registered UUIDs
#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
}

fn identities(data: DataArgs) -> Result<Identities, Box<dyn Error>> {
    Ok(Identities::new(&data.store()?))
}

pub(super) fn run(arguments: IdentityArgs) -> ExitCode {
    let done = match arguments.command {
        Command::New(arguments) => own::new(&arguments),
        Command::Show(arguments) => own::show(&arguments),
        Command::Publish(arguments) => own::publish(&arguments),
        Command::Renew(arguments) => own::renew(&arguments),
        Command::Register(arguments) => register(arguments),
        Command::Remove(arguments) => remove(arguments),
        Command::List(arguments) => list(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(&*why, WRONG_USAGE),
    }
}

fn register(arguments: RegisterArgs) -> Result<(), Box<dyn Error>> {
    let key = read_key(&arguments.key)?;
    let identities = identities(arguments.data)?;
    identities.register(arguments.uuid, key.der(), u64::MAX)?;
    Ok(print(&format!("registered {}\n", arguments.uuid))?)
}

fn remove(arguments: RemoveArgs) -> Result<(), Box<dyn Error>> {
    identities(arguments.data)?.remove(arguments.uuid)?;
    Ok(print(&format!("removed {}\n", arguments.uuid))?)
}

fn list(arguments: ListArgs) -> Result<(), Box<dyn Error>> {
    let uuids = Identities::new(&arguments.data.store_to_read()?).uuids()?;
    let lines: String = uuids.iter().map(|uuid| format!("{uuid}\n")).collect();
    Ok(print(&lines)?)
}

/// Reads a public key. A file that is not PEM is read as DER.
fn read_key(path: &Path) -> Result<PublicKey, String> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| format!("cannot read the key {shown}: {error}"))?;
    let der = match SubjectPublicKeyInfoDer::from_pem_slice(&bytes) {
        Ok(key) => key.to_vec(),
        Err(_) => bytes,
    };
    PublicKey::from_der(&der).map_err(|refused| format!("{shown}: {refused}"))
}
