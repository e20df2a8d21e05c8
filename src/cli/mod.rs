//! Arguments become a typed plan, the plan is run, and what came of it becomes an exit code. One file per subcommand.

mod address;
mod chat;
mod chatr_service;
mod config;
mod identity;
mod logging;
mod options;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::store::{StoreError, default_directory};

/// Wrong usage: the same code that clap uses for arguments it does not know.
const WRONG_USAGE: u8 = 2;

/// A chat server for small binary protocols, and a client to talk to it.
#[derive(Debug, Parser)]
#[command(name = "matou", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Chat(chat::ChatArgs),
    Identity(identity::IdentityArgs),
    Serve(serve::ServeArgs),
}

/// The whole program.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Chat(arguments) => chat::run(arguments),
        Command::Identity(arguments) => identity::run(&arguments),
        Command::Serve(arguments) => serve::run(arguments),
    }
}

/// The directory that was named, or the one of this user.
fn data_directory(named: Option<&Path>) -> Result<PathBuf, StoreError> {
    named.map_or_else(default_directory, |named| Ok(named.to_owned()))
}
