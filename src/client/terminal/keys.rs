//! What a terminal sends when somebody presses a key.

/// A key, by what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// Text that came in one piece, without the control characters that it had besides line ends.
    Paste(String),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Up,
    Down,
    /// Deletes to the start of the line.
    KillToStart,
    /// Deletes to its end.
    KillToEnd,
    /// Deletes the word before the cursor.
    KillWordLeft,
    /// Deletes the word behind it.
    KillWordRight,
    /// Brings back what was deleted last.
    Yank,
    ClearScreen,
    /// The next conversation.
    Next,
    Interrupt,
    EndOfInput,
    Suspend,
}

/// Cuts what comes into keys. A key may come in pieces.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pending: Vec<u8>,
    pasting: bool,
}

/// No key is longer; what begins like one and goes on for more is noise.
const MAX_SEQUENCE: usize = 32;
/// A paste is cut here; more than any message holds.
const MAX_PASTE: usize = 64 * 1024;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
const ESCAPE: u8 = 0x1b;

impl Keys {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while !self.pending.is_empty() {
            let Some((length, key)) = self.next() else {
                break;
            };
            self.pending.drain(..length);
            keys.extend(key);
        }
        keys
    }

    /// How many bytes the next key takes and what it is; `None` while some of it is missing.
    fn next(&mut self) -> Option<(usize, Option<Key>)> {
        if self.pasting {
            return self.pasted();
        }
        let pending = &self.pending;
        if pending.starts_with(PASTE_BEGINS) {
            self.pasting = true;
            return Some((PASTE_BEGINS.len(), None));
        }
        match pending[0] {
            ESCAPE => escaped(pending),
            control @ (0..0x20 | 0x7f) => Some((1, control_key(control))),
            lead => character(pending, lead),
        }
    }

    fn pasted(&mut self) -> Option<(usize, Option<Key>)> {
        let end = self
            .pending
            .windows(PASTE_ENDS.len())
            .position(|window| window == PASTE_ENDS);
        let (text, length) = match end {
            Some(end) => (end, end + PASTE_ENDS.len()),
            None if self.pending.len() >= MAX_PASTE => (self.pending.len(), self.pending.len()),
            None => return None,
        };
        self.pasting = end.is_none();
        let text = String::from_utf8_lossy(&self.pending[..text]);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let kept = |c: &char| *c == '\n' || *c == '\t' || !c.is_control();
        let text = text.chars().filter(kept).collect();
        Some((length, Some(Key::Paste(text))))
    }
}

fn control_key(control: u8) -> Option<Key> {
    Some(match control {
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x08 | 0x7f => Key::Backspace,
        0x09 => Key::Tab,
        0x0a | 0x0d => Key::Enter,
        0x0b => Key::KillToEnd,
        0x0c => Key::ClearScreen,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::KillToStart,
        0x17 => Key::KillWordLeft,
        0x18 => Key::Next,
        0x19 => Key::Yank,
        0x1a => Key::Suspend,
        _ => return None,
    })
}

/// What follows an escape character: a sequence, or a key that was pressed together with Alt.
fn escaped(pending: &[u8]) -> Option<(usize, Option<Key>)> {
    match *pending.get(1)? {
        b'[' => sequence(pending),
        b'O' => Some((3, named(*pending.get(2)?, b""))),
        b'b' => Some((2, Some(Key::WordLeft))),
        b'f' => Some((2, Some(Key::WordRight))),
        b'd' => Some((2, Some(Key::KillWordRight))),
        0x08 | 0x7f => Some((2, Some(Key::KillWordLeft))),
        // Two escapes: the second may begin something.
        ESCAPE => Some((1, None)),
        _ => Some((2, None)),
    }
}

fn sequence(pending: &[u8]) -> Option<(usize, Option<Key>)> {
    let parameters = &pending[2..];
    match parameters
        .iter()
        .position(|byte| (0x40..=0x7e).contains(byte))
    {
        Some(end) => Some((end + 3, named(parameters[end], &parameters[..end]))),
        None if pending.len() > MAX_SEQUENCE => Some((pending.len(), None)),
        None => None,
    }
}

fn named(last: u8, parameters: &[u8]) -> Option<Key> {
    // Held together with Ctrl or Alt.
    let by_word = parameters.ends_with(b";5") || parameters.ends_with(b";3");
    Some(match (last, parameters) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) if by_word => Key::WordRight,
        (b'D', _) if by_word => Key::WordLeft,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
        (b'F', _) | (b'~', b"4" | b"8") => Key::End,
        (b'~', b"3") => Key::Delete,
        _ => return None,
    })
}

fn character(pending: &[u8], lead: u8) -> Option<(usize, Option<Key>)> {
    let length = match lead {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((1, None)),
    };
    let bytes = &pending[..pending.len().min(length)];
    match str::from_utf8(bytes) {
        Ok(text) => Some((length, text.chars().next().map(Key::Char))),
        Err(error) if error.error_len().is_none() && bytes.len() < length => None,
        Err(_) => Some((1, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::letters(b"ab", vec![Key::Char('a'), Key::Char('b')])]
    #[case::utf8("é👍".as_bytes(), vec![Key::Char('é'), Key::Char('👍')])]
    #[case::not_utf8(b"\xffa\xc3b", vec![Key::Char('a'), Key::Char('b')])]
    #[case::enter(b"\r", vec![Key::Enter])]
    #[case::arrows(b"\x1b[A\x1bOB", vec![Key::Up, Key::Down])]
    #[case::words(b"\x1b[1;5D\x1bf", vec![Key::WordLeft, Key::WordRight])]
    #[case::unknown(b"\x1b[24~x", vec![Key::Char('x')])]
    #[case::paste(b"\x1b[200~a\r\nb\x1b[201~c", vec![Key::Paste("a\nb".into()), Key::Char('c')])]
    #[case::a_paste_that_attacks(b"\x1b[200~\x1b]0;x\x07\x1b[201~", vec![Key::Paste("]0;x".into())])]
    fn bytes_are_keys(#[case] bytes: &[u8], #[case] keys: Vec<Key>) {
        assert_eq!(Keys::default().push(bytes), keys);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_read_ends(bytes: Vec<u8>, at: prop::sample::Index) {
            let at = at.index(bytes.len() + 1);
            let mut whole = Keys::default();
            let mut cut = Keys::default();
            let mut keys = cut.push(&bytes[..at]);
            keys.extend(cut.push(&bytes[at..]));
            prop_assert_eq!(keys, whole.push(&bytes));
        }
    }
}
