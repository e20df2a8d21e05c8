//! Where a password comes from. Never from an argument: those can be read by everybody on the machine.

use std::io::{self, BufRead, IsTerminal, Read};
use std::process::{Command, Stdio};

use clap::Args;

use matou_client::{Face, Password};

/// More is no password, and no command that prints one.
const MAX_BYTES: u64 = 4096;

/// The ways to give one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password (chathack)")]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// Log in with the password of an account, which is asked for; without any of these options you are a guest
    #[arg(long)]
    password: bool,

    /// Log in with the password that is the first line of standard input
    #[arg(long)]
    password_stdin: bool,

    /// Log in with the password that is the first line which COMMAND prints; a shell runs it
    #[arg(long, value_name = "COMMAND")]
    password_command: Option<String>,
}

impl PasswordArgs {
    /// Gets the password, if one is wanted.
    ///
    /// # Errors
    /// A sentence, when there is none to get.
    pub(super) fn read(&self, face: Face) -> Result<Option<Password>, String> {
        let text = if self.password {
            ask("password: ")
                .map_err(|error| format!("the password cannot be asked for: {error}"))?
        } else if self.password_stdin {
            if matches!(face, Face::Terminal { .. }) || io::stdin().is_terminal() {
                return Err(
                    "standard input is a terminal, which would show the password; use --password"
                        .into(),
                );
            }
            first_line(&mut io::stdin().lock())
                .map_err(|error| format!("the password cannot be read: {error}"))?
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

/// Asks for a password on the terminal, which does not show it.
///
/// # Errors
/// When there is no terminal, or the line is no password.
#[cfg(unix)]
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    matou_client::ask_secret(prompt, |mut line| first_line(&mut line))
}

/// Elsewhere the echo cannot be switched off without unsafe code of our own.
#[cfg(not(unix))]
pub(super) fn ask(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(prompt)
}

/// A line without its end. What stands behind it stays in the buffer.
///
/// # Errors
/// When it cannot be read, is not UTF-8, or is far too long for a password.
pub(super) fn first_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    let length = input.take(MAX_BYTES).read_line(&mut line)?;
    if length as u64 == MAX_BYTES {
        return Err(io::Error::other("its line is too long"));
    }
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn printed_by(command: &str) -> Result<String, String> {
    let failed = |error: io::Error| format!("the command for the password failed: {error}");
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
        return Err(format!("the command for the password failed: {status}"));
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
    fn a_line_without_an_end_is_no_password() {
        assert!(first_line(&mut &*vec![b'x'; 5000]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_prints_it_or_fails() {
        assert_eq!(printed_by("echo secret; echo more"), Ok("secret".into()));
        let failed = printed_by("echo secret; exit 3").unwrap_err();
        assert!(failed.contains("exit status: 3"), "{failed}");
    }
}
