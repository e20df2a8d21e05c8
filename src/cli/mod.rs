//! The command line: parses the arguments, runs the subcommand, and returns an exit code. Each subcommand has its own file.

mod account;
mod address;
mod chat;
mod chatr_args;
mod config;
mod data;
mod identity;
mod logging;
mod notify;
mod options;
mod output;
mod password;
mod serve;

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use matou_protocols::room::Visible;

/// Exit code for wrong usage. clap uses the same code for unknown arguments.
const WRONG_USAGE: u8 = 2;

/// The name of this program.
const PROGRAM: &str = "matou";

/// A chat server for small binary protocols, and a client to talk to it.
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version = installed::VERSION, arg_required_else_help = true)]
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
    Completions(installed::Completions),
    #[command(hide = true)]
    Man(installed::Manual),
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    installed::complete(Arguments::command);
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::unparsed(&error),
    };
    match arguments.command {
        Command::Account(arguments) => account::run(arguments),
        Command::Chat(arguments) => chat::run(*arguments),
        Command::Identity(arguments) => identity::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Completions(arguments) => ended(print_completions(&arguments)),
        Command::Man(arguments) => ended(arguments.write(Arguments::command()).map_err(Into::into)),
    }
}

fn print_completions(arguments: &installed::Completions) -> Result<(), Box<dyn Error>> {
    let script = arguments.script(PROGRAM)?;
    Ok(output::print(&script)?)
}

/// If a command has failed, reports its error. Returns the exit code of the command.
fn ended(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failed(&*error, WRONG_USAGE),
    }
}

/// Prints an error on standard error. The error may contain a path, or text from a file or a server. So its control
/// characters are escaped, except line feeds.
fn complain(why: &dyn fmt::Display) {
    let why = why.to_string();
    let lines: Vec<String> = why.lines().map(|line| Visible(line).to_string()).collect();
    output::tell(&lines.join("\n"));
}
