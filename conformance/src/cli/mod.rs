//! The command line: turns the arguments into a text and an exit code.

mod dissector;
#[cfg(test)]
mod documents;
mod interrupt;
mod knowledge;
mod lab;
mod lint;
mod list;
mod load;
mod matrix;
mod new;
mod output;
mod output_file;
mod progress;
mod run;
mod show;
mod tap;
mod target;
mod trace;
mod words;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::report::Paint;
use crate::source::Diagnostics;
use crate::text;
use interrupt::watch;
use output::Stream;

/// The name of this program.
const PROGRAM: &str = "conformance";

/// Judge whether a server follows the document of its chat protocol
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version = installed::VERSION, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the protocols, or the cases of one protocol
    List(list::ListArguments),
    /// Play the cases of a protocol against a server, and judge it
    Run(Box<run::RunArguments>),
    /// Show one case and its requirements, or its conversation byte by byte
    Show(show::ShowArguments),
    /// Connect many clients to a server at the same time, check every message, and measure speed and cost
    Load(Box<load::LoadArguments>),
    /// For test servers with known faults, show which cases catch each fault, and how often a report guesses the right cause
    Lab(lab::LabArguments),
    /// Create a folder with the first files of your own protocol, or of a dialect of a known protocol
    New(new::NewArguments),
    /// Compare the reports of several runs
    Matrix(matrix::MatrixArguments),
    /// Relay all bytes between clients and a server, and show their conversation
    Tap(tap::TapArguments),
    /// Print a dissector: a program in Lua with which Wireshark decodes the packets of a protocol
    Dissector(dissector::DissectorArguments),
    /// Check a suite or a file of scenarios, and explain each mistake in it
    Lint(lint::LintArguments),
    Completions(installed::Completions),
    #[command(hide = true)]
    Man(installed::Manual),
    #[command(hide = true, name = watch::NAME)]
    Watch(watch::WatchArguments),
}

/// The output and the exit code of a command.
///
/// Text for people is printed through [`text::guarded`], which escapes everything that a terminal or a build server would
/// treat as a command.
#[derive(Default)]
struct Outcome {
    out: String,
    /// Reports for programs, already escaped for these programs. These reports are printed after `out`, unchanged.
    reports: String,
    err: String,
    code: u8,
}

impl Outcome {
    /// Returns a successful outcome with this output. The output may contain text from other sources, so the function
    /// escapes it. Do not pass coloured text: the colour codes would be escaped, too.
    fn said(out: String) -> Outcome {
        Outcome {
            out: text::lines(&out),
            ..Outcome::default()
        }
    }

    /// Returns the outcome of wrong usage with this error. The error may contain text from other sources, so the function
    /// escapes it. Do not pass coloured text: the colour codes would be escaped, too.
    fn refused(err: String) -> Outcome {
        Outcome {
            err: text::lines(&err),
            code: 2,
            ..Outcome::default()
        }
    }

    /// Returns the outcome for a suite that has these mistakes.
    fn mistaken(mistakes: &Diagnostics) -> Outcome {
        Outcome {
            err: rendered(mistakes),
            code: 2,
            ..Outcome::default()
        }
    }

    /// Adds an error and escapes it, because it may contain text from other sources. The exit code becomes 2, unless it is
    /// already set, for example by a verdict.
    fn complain(&mut self, why: &str) {
        if self.code == 0 {
            self.code = 2;
        }
        self.err.push_str(&text::lines(why));
    }

    /// Prints the outcome, and returns its exit code.
    fn print(mut self) -> ExitCode {
        let printed = Stream::Output.print(&self.out);
        if let Err(error) = printed.and_then(|()| Stream::Output.write(&self.reports)) {
            self.lost(&error);
        }
        // If this print fails too, there is no other place to report the error.
        let _ = Stream::Errors.print(&self.err);
        ExitCode::from(self.code)
    }

    /// Adds an error that says why a part of the output could not be printed. Adds nothing if the reader of the output has
    /// closed its end of the pipe, or if the same error was added before.
    fn lost(&mut self, error: &io::Error) {
        if let Some(why) = output::complaint(error)
            && !self.err.contains(&why)
        {
            self.complain(&why);
        }
    }
}

/// Parses the command line, runs the command, and returns the exit code of the process. The code is 0 for success, and 2 for
/// wrong usage or a mistake in a suite. The command `run` documents further codes.
#[must_use]
pub fn main() -> ExitCode {
    interrupt::heed_as_first_process();
    installed::complete(Arguments::command);
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error),
    };
    let outcome = match arguments.command {
        Command::List(arguments) => list::list(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Show(arguments) => show::show(&arguments),
        Command::Load(arguments) => load::load(&arguments),
        Command::Lab(arguments) => lab::lab(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Matrix(arguments) => matrix::matrix(&arguments),
        Command::Tap(arguments) => tap::tap(&arguments),
        Command::Dissector(arguments) => dissector::print(&arguments),
        Command::Lint(arguments) => lint::lint(&arguments),
        Command::Completions(arguments) => of_result(arguments.script(PROGRAM)),
        Command::Man(arguments) => {
            let written = arguments.write(Arguments::command());
            of_result(written.map(|()| String::new()))
        }
        Command::Watch(arguments) => watch::watch(&arguments),
    };
    outcome.print()
}

/// Returns the outcome of a command that only prints a text.
fn of_result(text: Result<String, impl Display>) -> Outcome {
    match text {
        Ok(text) => Outcome::said(text),
        Err(error) => Outcome::refused(format!("{error}\n")),
    }
}

/// Prints the help, the version, or an error about an argument. Such an error quotes the argument. If an argument contains
/// control characters (a file name can contain them), the error is printed escaped and without colours.
fn unparsed(error: &clap::Error) -> ExitCode {
    let ours = !error.use_stderr();
    let plain = |argument: std::ffi::OsString| {
        let argument = argument.to_string_lossy();
        text::line(&argument) == *argument
    };
    let mut outcome = Outcome {
        code: u8::try_from(error.exit_code()).unwrap_or(2),
        ..Outcome::default()
    };
    if ours || std::env::args_os().all(plain) {
        // `print` uses colours.
        let printed = error.print().and_then(|()| io::stdout().flush());
        if let (true, Err(error)) = (ours, printed) {
            outcome.lost(&error);
        }
    } else {
        outcome.err = text::lines(&error.render().to_string());
    }
    outcome.print()
}

fn rendered(diagnostics: &Diagnostics) -> String {
    diagnostics.render(Stream::Errors.paint() == Paint::Colour)
}
