//! The command line: arguments in, text and an exit code out.

#[cfg(test)]
mod documents;
mod knowledge;
mod lab;
mod lint;
mod list;
mod load;
mod matrix;
mod new;
mod progress;
mod report_file;
mod run;
mod show;
mod tap;
mod target;
mod words;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::source::Diagnostics;

/// Judges a server against a chat protocol that is written down as data.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the protocols, or the cases of one
    List(list::ListArguments),
    /// Judges a server
    Run(Box<run::RunArguments>),
    /// Shows one case: its text, and the requirements that it judges in words
    Show(show::ShowArguments),
    /// Puts many clients on a server at once, and checks and measures what it does for them
    Load(Box<load::LoadArguments>),
    /// Shows which case catches which known mistake, and how well mistakes are told from what fails
    Lab(lab::LabArguments),
    /// Writes a folder to begin with: a protocol of your own, or a dialect of one that is known
    New(new::NewArguments),
    /// Puts the reports of several runs side by side
    Matrix(matrix::MatrixArguments),
    /// Listens between a client and a server, and says what is said
    Tap(tap::TapArguments),
    /// Checks a suite, or a file of scenarios, and explains its mistakes
    Lint(lint::LintArguments),
}

/// What a command has to say, and how it ends.
struct Outcome {
    out: String,
    err: String,
    code: u8,
}

impl Outcome {
    fn said(out: String) -> Outcome {
        Outcome {
            out,
            err: String::new(),
            code: 0,
        }
    }

    /// Wrong usage, or a suite with mistakes.
    fn refused(err: String) -> Outcome {
        Outcome {
            out: String::new(),
            err,
            code: 2,
        }
    }
}

/// Parses the command line, carries it out, and says how the process is to end: 0 well, 2 wrong usage or a mistake in a suite
/// (and, for `run`, what it documents).
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::List(arguments) => list::list(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Load(arguments) => load::load(&arguments),
        Command::Lab(arguments) => lab::lab(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Matrix(arguments) => matrix::matrix(&arguments),
        Command::Tap(arguments) => tap::tap(&arguments),
        Command::Lint(arguments) => lint::lint(&arguments),
    };
    // A reader that has left (`| head`) has seen what it wanted.
    let _ = io::stdout().write_all(outcome.out.as_bytes());
    let _ = io::stderr().write_all(outcome.err.as_bytes());
    ExitCode::from(outcome.code)
}

fn rendered(diagnostics: &Diagnostics) -> String {
    let wants_colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    diagnostics.render(wants_colour)
}
