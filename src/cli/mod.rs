//! The command line: parses the arguments, runs the subcommand, and returns an exit code. Each subcommand has its own file.

mod account;
mod address;
mod chat;
mod chatr_args;
mod config;
mod data;
mod identity;
mod logging;
mod options;
mod output;
mod password;
mod serve;

use std::fmt;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use matou_protocols::room::Visible;

/// Exit code for wrong usage. clap uses the same code for unknown arguments.
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
    Account(account::AccountArgs),
    Chat(Box<chat::ChatArgs>),
    Identity(identity::IdentityArgs),
    Serve(serve::ServeArgs),
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::unparsed(&error),
    };
    match arguments.command {
        Command::Account(arguments) => account::run(arguments),
        Command::Chat(arguments) => chat::run(*arguments),
        Command::Identity(arguments) => identity::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
    }
}

/// Prints an error on standard error. The error may contain a path, or text from a file or a server. So its control
/// characters are escaped, except line feeds.
fn complain(why: &dyn fmt::Display) {
    let why = why.to_string();
    let lines: Vec<String> = why.lines().map(|line| Visible(line).to_string()).collect();
    output::tell(&lines.join("\n"));
}
