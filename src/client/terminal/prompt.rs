//! A question for a secret.

use std::io::{self, BufRead, BufReader};

use super::raw::Modes;

/// Asks on the terminal for a line that it does not show, and hands its bytes to `read`. Ctrl-C and other signals end or
/// stop the program as they do everywhere, with the echo on again.
///
/// # Errors
/// When there is no terminal, or those of `read`.
pub fn ask_secret<T>(
    prompt: &str,
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> io::Result<T> {
    let modes = Modes::without_echo(prompt)?;
    // The terminal hands out one line at a time: what was typed after it stays for the next who reads.
    let answer = read(&mut BufReader::new(modes.input()))?;
    modes.end_line();
    Ok(answer)
}
