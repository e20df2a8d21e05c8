//! A prompt for a secret.

use std::io::{self, BufRead, BufReader};

use super::raw::Modes;

/// Asks for one line on the terminal, and passes its bytes to `read`. The terminal does not show what the user types. When
/// Ctrl-C or another signal ends or stops the program, the echo is first switched on again.
///
/// # Errors
/// Fails if there is no terminal, or if `read` fails.
pub fn ask_secret<T>(
    prompt: &str,
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> io::Result<T> {
    let modes = Modes::without_echo(prompt)?;
    // The terminal returns one line per read. So if the user types more lines, the next program that reads the terminal gets
    // them.
    let answer = read(&mut BufReader::new(modes.input()))?;
    modes.end_line();
    Ok(answer)
}
