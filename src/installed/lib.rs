//! What an installed program should offer: completion in a shell, manual pages, and the version.
//!
//! `matou` and `conformance` use this crate in the same way:
//!
//! * [`complete`] runs before the arguments are parsed. If a shell has started the program to get completions, `complete`
//!   prints them;
//! * the subcommand `completions` prints the script with which a shell asks the program for completions ([`Completions`]);
//! * the hidden subcommand `man` writes the manual pages ([`Manual`]), for example into a package;
//! * `--version` prints [`VERSION`].

use std::error::Error;
use std::path::{MAIN_SEPARATOR, PathBuf};
use std::{env, fmt, fs, io};

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

pub use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

/// The version, such as `0.1.0`. If a release was built from a repository, the commit follows the version, as in `0.1.0
/// (53e7f2f7a)`.
pub const VERSION: &str = env!("VERSION");

/// The environment variable with which the shell's script asks a program for completions.
const ASKED_BY: &str = "COMPLETE";

/// If a shell asks for completions, prints them and ends the process. Otherwise does nothing.
pub fn complete(command: impl Fn() -> Command) {
    CompleteEnv::with_factory(command).var(ASKED_BY).complete();
}

/// Print a script that completes commands, options and values in a shell
///
/// For bash, add this line to ~/.bashrc, with the name of this program: source <(PROGRAM completions bash)
#[derive(Debug, Args)]
pub struct Completions {
    /// Shell that runs the script
    #[arg(value_name = "SHELL", value_parser = PossibleValuesParser::new(Shells::builtins().names()))]
    shell: String,
}

impl Completions {
    /// Returns the script for the program with this name.
    ///
    /// # Errors
    /// Fails when the shell is not supported. The parser of the arguments rejects such a shell earlier.
    pub fn script(&self, program: &str) -> io::Result<String> {
        let shells = Shells::builtins();
        let shell = shells
            .completer(&self.shell)
            .ok_or(io::ErrorKind::Unsupported)?;
        let mut script = Vec::new();
        shell.write_registration(
            ASKED_BY,
            program,
            program,
            &started_as(program),
            &mut script,
        )?;
        String::from_utf8(script).map_err(io::Error::other)
    }
}

/// Returns the command with which a shell starts this program: its name if the shell found the program in PATH, otherwise
/// its path.
fn started_as(program: &str) -> String {
    let called = env::args_os().next().unwrap_or_default();
    match env::current_exe() {
        Ok(path) if called.to_string_lossy().contains(MAIN_SEPARATOR) => {
            path.to_string_lossy().into_owned()
        }
        _ => program.to_owned(),
    }
}

/// Write the manual pages of this program into a directory
#[derive(Debug, Args)]
pub struct Manual {
    /// Directory for the pages; it is created if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

impl Manual {
    /// Writes one page for the command, and one for each of its subcommands that are not hidden.
    ///
    /// # Errors
    /// Fails when the directory cannot be created or a page cannot be written.
    pub fn write(&self, command: Command) -> Result<(), Unwritten> {
        let written = fs::create_dir_all(&self.directory)
            .and_then(|()| clap_mangen::generate_to(command, &self.directory));
        written.map_err(|cause| Unwritten {
            directory: self.directory.clone(),
            cause,
        })
    }
}

/// Why the manual pages could not be written.
#[derive(Debug)]
pub struct Unwritten {
    directory: PathBuf,
    cause: io::Error,
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        let cause = &self.cause;
        write!(f, "cannot write the manual pages into {directory}: {cause}")
    }
}

impl Error for Unwritten {}
