//! A prompt for a secret.

use std::io::{self, BufRead, BufReader};

use super::raw::Modes;

/// Asks for one line on the terminal, which does not show what is typed, and passes its bytes to `read`. Ctrl-C and other
/// signals end or stop the program as usual, after the echo is switched on again.
///
/// # Errors
/// Fails if there is no terminal, or if `read` fails.
pub fn ask_secret<T>(
    prompt: &str,
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> io::Result<T> {
    let modes = Modes::without_echo(prompt)?;
    // The terminal returns one line per read. Text that is typed after this line stays for the next program that reads the
    // terminal.
    let answer = read(&mut BufReader::new(modes.input()))?;
    modes.end_line();
    Ok(answer)
}
