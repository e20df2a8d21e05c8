//! The thread that reads standard input. No other thread joins it, because nothing can wake a thread that is blocked in a
//! read of standard input. The thread ends at the end of the input, after the receiver of its channel was dropped, or with
//! the program.

use std::io::{self, BufRead, Read};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::mark::{UTF8_MARK, UTF16_REFUSAL, is_utf16};

/// Maximum length of a line, in bytes. A longer line is refused. The limit bounds the memory that a line needs. It is far
/// above the maximum message of every protocol.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// Maximum number of lines that wait for the loop.
const LINES_AHEAD: usize = 16;
/// Maximum bytes per read of raw input.
const CHUNK: usize = 64 * 1024;
/// What a terminal in raw mode sends for Ctrl-C.
const CTRL_C: u8 = 3;

/// A line of input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InputLine {
    /// The text, without the line end.
    Text(String),
    /// The line cannot be used, for this reason.
    Unusable(&'static str),
    /// Reading failed; no more lines follow.
    Failed(String),
}

/// A line of input with its number, which begins at 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NumberedLine {
    pub(crate) number: u64,
    pub(crate) line: InputLine,
}

/// Reads standard input line by line. The channel closes at the end of the input.
pub(crate) fn lines() -> io::Result<Receiver<NumberedLine>> {
    let (to_loop, lines) = bounded(LINES_AHEAD);
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut input = io::stdin().lock();
        pass_mark(&mut input);
        for number in 1.. {
            let Some(line) = next_line(&mut input, number == 1) else {
                return;
            };
            let failed = matches!(line, InputLine::Failed(_));
            // This send fails if the loop has already ended.
            if to_loop.send(NumberedLine { number, line }).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(lines)
}

/// Reads standard input without waiting for whole lines, for the keys of a terminal. Calls `wait` before every read, and
/// stops when `wait` returns false. Calls `interrupt` when a Ctrl-C arrives. If the loop has not taken an earlier Ctrl-C,
/// the loop is blocked in a write. Then this function calls `stuck` instead.
pub(crate) fn bytes(
    wait: fn() -> bool,
    interrupt: fn(),
    stuck: fn(),
) -> io::Result<Receiver<Vec<u8>>> {
    let (to_loop, chunks) = bounded(LINES_AHEAD);
    // Read errors are ignored: if the terminal cannot be read, it was closed, so its input has ended.
    let (failure, _) = bounded(1);
    let mut interrupts = Interrupts::default();
    copy(to_loop, failure, wait, move |to, keys| {
        if interrupts.are_not_taken(keys, to.is_empty()) {
            stuck();
        } else if is_interrupt(keys) {
            interrupt();
        }
    })?;
    Ok(chunks)
}

/// Finds out whether the loop fails to take a Ctrl-C.
#[derive(Debug, Default)]
struct Interrupts {
    /// True if a Ctrl-C was sent to the loop. This value becomes false again when the loop has taken all keys that were sent
    /// to it.
    one_waits: bool,
}

impl Interrupts {
    /// Returns true if `keys` are a Ctrl-C and an earlier Ctrl-C still waits. `all_taken` says whether the loop has taken
    /// all earlier keys.
    fn are_not_taken(&mut self, keys: &[u8], all_taken: bool) -> bool {
        let is_interrupt = is_interrupt(keys);
        let one_waited = self.one_waits && !all_taken;
        self.one_waits = one_waited || is_interrupt;
        one_waited && is_interrupt
    }
}

/// True if these keys are Ctrl-C only.
fn is_interrupt(keys: &[u8]) -> bool {
    keys.iter().all(|key| *key == CTRL_C)
}

/// Copies standard input to a connection's writer, and drops the writer's channel at the end of the input. A read error is
/// sent to `failure` before the channel is dropped.
pub(crate) fn raw(to: Sender<Vec<u8>>, failure: Sender<io::Error>) -> io::Result<()> {
    copy(to, failure, || true, |_, _| {})
}

/// Copies standard input to `to`, as [`raw`] does, but calls `wait` before every read, and stops when `wait` returns false.
/// Calls `look` with each chunk.
fn copy(
    to: Sender<Vec<u8>>,
    failure: Sender<io::Error>,
    wait: fn() -> bool,
    mut look: impl FnMut(&Sender<Vec<u8>>, &[u8]) + Send + 'static,
) -> io::Result<()> {
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut input = io::stdin().lock();
        let mut chunk = vec![0; CHUNK];
        while wait() {
            match input.read(&mut chunk) {
                Ok(0) => return,
                Ok(length) => {
                    look(&to, &chunk[..length]);
                    if to.send(chunk[..length].to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let _ = failure.send(error);
                    return;
                }
            }
        }
    })?;
    Ok(())
}

/// Skips the byte order mark of UTF-8, with which some editors begin a text.
fn pass_mark(input: &mut impl BufRead) {
    // If this read fails, the error is reported when the first line is read.
    if input
        .fill_buf()
        .is_ok_and(|text| text.starts_with(UTF8_MARK))
    {
        input.consume(UTF8_MARK.len());
    }
}

/// Reads a line. If the first line shows that the input is UTF-16, refuses the whole input, because its bytes, read as
/// UTF-8, would be a different text.
fn next_line(input: &mut impl BufRead, is_first: bool) -> Option<InputLine> {
    let mut bytes = Vec::new();
    match input.take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes) {
        Ok(0) => return None,
        Ok(_) => {}
        Err(error) => return Some(InputLine::Failed(error.to_string())),
    }
    if is_first && is_utf16(&bytes) {
        return Some(InputLine::Failed(UTF16_REFUSAL.to_owned()));
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    } else if bytes.len() as u64 == MAX_LINE_BYTES {
        return Some(match input.skip_until(b'\n') {
            Ok(_) => InputLine::Unusable("the line is longer than 65536 bytes"),
            Err(error) => InputLine::Failed(error.to_string()),
        });
    }
    Some(match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => InputLine::Unusable(
            "the line contains a NUL byte, as text in UTF-16 does; save the text as UTF-8",
        ),
        Ok(text) => InputLine::Text(text),
        Err(_) => InputLine::Unusable("the line is not UTF-8"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_ctrl_c_counts_only_while_the_first_waits() {
        let mut interrupts = Interrupts::default();
        let rows: [(&[u8], bool, bool); 7] = [
            (b"a", true, false),
            (b"\x03", true, false),
            // The loop has taken the earlier Ctrl-C.
            (b"\x03", true, false),
            (b"b", false, false),
            // The loop has not taken the earlier Ctrl-C.
            (b"\x03", false, true),
            (b"\x03", true, false),
            (b"c\x03", false, false),
        ];
        for (row, (keys, all_taken, expected)) in rows.into_iter().enumerate() {
            let not_taken = interrupts.are_not_taken(keys, all_taken);
            assert_eq!(not_taken, expected, "row {row}");
        }
    }

    #[test]
    fn text_in_utf_16_is_refused_as_a_whole_with_and_without_a_mark() {
        let refusal = || Some(InputLine::Failed(UTF16_REFUSAL.to_owned()));
        let utf16 = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        for text in [
            "\u{feff}hello\nyou\n",
            "hello\nyou\n",
            "\u{e9}t\u{e9}\n",
            "hi",
        ] {
            let little: Vec<_> = utf16(text)
                .iter()
                .flat_map(|unit| unit.to_le_bytes())
                .collect();
            assert_eq!(next_line(&mut &*little, true), refusal(), "{text:?}");
            let big: Vec<_> = utf16(text)
                .iter()
                .flat_map(|unit| unit.to_be_bytes())
                .collect();
            assert_eq!(next_line(&mut &*big, true), refusal(), "{text:?}");
        }
    }

    #[test]
    fn lines_lose_their_ends_and_a_bad_line_does_not_affect_others() {
        let mut input = b"one\r\n\n\xff\na\0b\n".to_vec();
        input.extend(vec![b'x'; 70_000]);
        input.extend(b"\nlast");
        let mut input = &*input;
        let lines: Vec<_> = std::iter::from_fn(|| next_line(&mut input, false)).collect();
        assert_eq!(
            lines,
            [
                InputLine::Text("one".into()),
                InputLine::Text(String::new()),
                InputLine::Unusable("the line is not UTF-8"),
                InputLine::Unusable(
                    "the line contains a NUL byte, as text in UTF-16 does; save the text as UTF-8"
                ),
                InputLine::Unusable("the line is longer than 65536 bytes"),
                InputLine::Text("last".into()),
            ]
        );
    }
}
