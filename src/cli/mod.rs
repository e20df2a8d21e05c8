//! The command line: arguments become typed options, and the outcome becomes an exit code. One file per subcommand.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod chat;

/// A blocking chat server and its terminal client.
#[derive(Debug, Parser)]
#[command(name = "matou", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Chat(chat::ChatArgs),
}

/// Runs the program.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Chat(args) => chat::run(args),
    }
}
