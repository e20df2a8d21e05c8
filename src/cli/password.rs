//! Reads passwords from the terminal, from standard input or from a command. A password is never an argument of the program,
//! because every user of the machine can read the arguments.

use std::io::{self, BufRead, IsTerminal, Read};
use std::process::{Command, Stdio};

use clap::Args;

use matou_client::{Face, Password};

/// Maximum length of a line with a password, and of the output of a password command, in bytes.
const MAX_BYTES: u64 = 4096;

/// The ways to give a password.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password (chathack)")]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// Ask on the terminal for the account's password; without a password option you log in as a guest
    #[arg(long)]
    password: bool,

    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,

    /// Run COMMAND in a shell and use the first line of its output as the password
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
}

impl PasswordArgs {
    /// Reads the password, if the user gave one of these options.
    ///
    /// # Errors
    /// Returns an explanation if the password cannot be read or is empty.
    pub(super) fn read(&self, face: Face) -> Result<Option<Password>, String> {
        let text = if self.password {
            ask("Password: ").map_err(|error| format!("cannot ask for the password: {error}"))?
        } else if self.password_stdin {
            if matches!(face, Face::Terminal { .. }) || io::stdin().is_terminal() {
                return Err(
                    "standard input is a terminal, which would show the password; use --password"
                        .into(),
                );
            }
            first_line(&mut io::stdin().lock())
                .map_err(|error| format!("cannot read the password from standard input: {error}"))?
        } else if let Some(command) = &self.password_command {
            printed_by(command)?
        } else {
            return Ok(None);
        };
        if text.is_empty() {
            return Err("the password is empty".into());
        }
        Ok(Some(Password(text)))
    }
}

/// Asks for a password on the terminal. The terminal does not show what the user types.
///
/// # Errors
/// Fails if there is no terminal, or the line cannot be a password (see [`first_line`]).
#[cfg(unix)]
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    matou_client::ask_secret(prompt, |mut line| first_line(&mut line))
}

/// Asks for a password on the terminal. On systems other than Unix, only unsafe code can switch the echo off, so a library
/// does this.
#[cfg(not(unix))]
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(prompt)
}

/// Reads a line, and returns it without its line end. The bytes after the line stay in the buffer.
///
/// # Errors
/// Fails if the line cannot be read, is not UTF-8, or is longer than 4096 bytes.
pub(super) fn first_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    let length = input.take(MAX_BYTES).read_line(&mut line)?;
    if length as u64 == MAX_BYTES {
        return Err(io::Error::other("the line is longer than 4096 bytes"));
    }
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn printed_by(command: &str) -> Result<String, String> {
    let failed = |error: io::Error| format!("the password command failed: {error}");
    let mut child = shell(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut printed = Vec::new();
    if let Some(output) = child.stdout.take() {
        output
            .take(MAX_BYTES)
            .read_to_end(&mut printed)
            .map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(format!("the password command failed: {status}"));
    }
    first_line(&mut &*printed).map_err(failed)
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.args(["/C", command]);
    shell
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_line(b"secret\nhello\n", "secret", b"hello\n")]
    #[case::of_another_system(b"secret\r\nhello\n", "secret", b"hello\n")]
    #[case::without_an_end(b"secret", "secret", b"")]
    #[case::with_spaces(b" a b \n", " a b ", b"")]
    #[case::nothing(b"", "", b"")]
    fn the_password_is_the_first_line_and_the_rest_stays(
        #[case] input: &[u8],
        #[case] password: &str,
        #[case] rest: &[u8],
    ) {
        let mut input = input;
        assert_eq!(first_line(&mut input).unwrap(), password);
        assert_eq!(input, rest);
    }

    #[test]
    fn a_line_that_is_too_long_is_not_a_password() {
        assert!(first_line(&mut &*vec![b'x'; 5000]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_prints_the_password_or_fails() {
        assert_eq!(printed_by("echo secret; echo more"), Ok("secret".into()));
        let failed = printed_by("echo secret; exit 3").unwrap_err();
        assert!(failed.contains("exit status: 3"), "{failed}");
    }
}
