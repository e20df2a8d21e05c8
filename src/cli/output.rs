//! Prints on the standard streams. If output cannot be printed, the program reports an error and does not panic.
//!
//! If the shell has closed standard output (`>&-`), the program does not notice this: before `main` begins, Rust opens
//! `/dev/null` instead. To notice it, code would have to run before `main`, and such code must be unsafe.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use super::{WRONG_USAGE, complain};

/// Exit code when the reader of standard output has closed its end. If SIGPIPE ends a program, a shell reports the same
/// code.
const READER_GONE: u8 = 141;

/// The error of a command that cannot write to standard output.
#[derive(Debug)]
pub(super) struct Unprinted(io::Error);

impl fmt::Display for Unprinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write to standard output: {}", self.0)
    }
}

impl Error for Unprinted {}

impl Unprinted {
    /// Returns true if the program that reads standard output has closed its end, as `head` does.
    pub(super) fn reader_is_gone(&self) -> bool {
        self.0.kind() == ErrorKind::BrokenPipe
    }
}

/// Writes text to standard output and flushes it.
///
/// # Errors
/// Fails, for example, if the reader of standard output has closed its end, or if the disk is full.
pub(super) fn print(text: &str) -> Result<(), Unprinted> {
    let mut output = io::stdout().lock();
    let written = output.write_all(text.as_bytes());
    written.and_then(|()| output.flush()).map_err(Unprinted)
}

/// Writes a line about the program itself to standard error. Ignores an error, because the error cannot be reported anywhere
/// else.
pub(super) fn tell(line: &dyn fmt::Display) {
    let _ = writeln!(io::stderr(), "matou: {line}");
}

/// Reports why a command failed, and returns `code` as its exit code. If the reader of standard output has closed its end,
/// prints nothing and returns 141.
pub(super) fn failed(why: &(dyn Error + 'static), code: u8) -> ExitCode {
    match why.downcast_ref::<Unprinted>() {
        Some(unprinted) if unprinted.reader_is_gone() => ExitCode::from(READER_GONE),
        _ => {
            complain(&why);
            ExitCode::from(code)
        }
    }
}

/// Prints the help, the version, or an error about an argument.
pub(super) fn unparsed(error: &clap::Error) -> ExitCode {
    let printed = error.print().and_then(|()| io::stdout().flush());
    match printed {
        Err(why) if !error.use_stderr() => failed(&Unprinted(why), WRONG_USAGE),
        _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG_USAGE)),
    }
}
