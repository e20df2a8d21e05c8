//! Decodes the bytes that a terminal sends for keys.

/// A key, named after what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// Pasted text, or a part of it. It contains no control characters except line feeds and tabs.
    Paste(String),
    /// The terminal sent bytes that are not UTF-8.
    NotUtf8,
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
    /// Deletes to the end of the line.
    KillToEnd,
    /// Deletes the word before the cursor.
    KillWordLeft,
    /// Deletes the word after the cursor.
    KillWordRight,
    /// Inserts the text that was deleted last.
    Yank,
    ClearScreen,
    /// Switches to the next conversation.
    Next,
    Interrupt,
    EndOfInput,
    Suspend,
}

/// Splits bytes into keys. The bytes of one key may arrive in several reads.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pending: Vec<u8>,
    pasting: bool,
}

/// Maximum bytes of a key. A longer sequence is dropped.
const MAX_SEQUENCE: usize = 32;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
const ESCAPE: u8 = 0x1b;

impl Keys {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut at = 0;
        while at < pending.len() {
            let Some((length, key)) = self.next(&pending[at..]) else {
                break;
            };
            at += length;
            keys.extend(key);
        }
        pending.drain(..at);
        self.pending = pending;
        keys
    }

    /// Decodes the next key. Returns the length of the key in bytes, and the key; `None` while bytes of the key are missing.
    fn next(&mut self, pending: &[u8]) -> Option<(usize, Option<Key>)> {
        if self.pasting {
            return self.pasted(pending);
        }
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

    /// Decodes the part of a paste that has arrived. Some bytes at the end of this part wait for the next read: an
    /// incomplete character, a CR that may be followed by an LF, or a part of the end mark.
    fn pasted(&mut self, pending: &[u8]) -> Option<(usize, Option<Key>)> {
        if pending.starts_with(PASTE_ENDS) {
            self.pasting = false;
            return Some((PASTE_ENDS.len(), None));
        }
        if PASTE_ENDS.starts_with(pending) {
            return None;
        }
        let first = usize::from(pending[0] == ESCAPE);
        let end = pending[first..].iter().position(|byte| *byte == ESCAPE);
        let length = match end {
            Some(end) => first + end,
            None => first + whole(&pending[first..]),
        };
        if length == 0 {
            return None;
        }
        // The chunk consists of valid text, which may be empty, and the first bytes after it that are not UTF-8. If there is
        // valid text, this call returns only the text, and the next call returns the other bytes.
        let chunk = pending[..length].utf8_chunks().next()?;
        let (text, length) = match chunk.valid() {
            "" => return Some((chunk.invalid().len(), Some(Key::NotUtf8))),
            text => (text, text.len()),
        };
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let kept = |c: &char| *c == '\n' || *c == '\t' || !c.is_control();
        let text: String = text.chars().filter(kept).collect();
        Some((length, (!text.is_empty()).then_some(Key::Paste(text))))
    }
}

/// Returns the length of `text` without an incomplete character or a CR at its end.
fn whole(text: &[u8]) -> usize {
    if text.ends_with(b"\r") {
        return text.len() - 1;
    }
    // A character has at most four bytes, so an incomplete one has at most three.
    let last = text.len().saturating_sub(3);
    let begun = (last..text.len()).find(|at| {
        let rest = str::from_utf8(&text[*at..]);
        rest.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    });
    begun.unwrap_or(text.len())
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

/// Decodes what follows an escape character: a sequence, or a key that was pressed together with Alt.
fn escaped(pending: &[u8]) -> Option<(usize, Option<Key>)> {
    match *pending.get(1)? {
        b'[' => sequence(pending),
        b'O' => Some((3, named(*pending.get(2)?, b""))),
        b'b' => Some((2, Some(Key::WordLeft))),
        b'f' => Some((2, Some(Key::WordRight))),
        b'd' => Some((2, Some(Key::KillWordRight))),
        0x08 | 0x7f => Some((2, Some(Key::KillWordLeft))),
        // If one escape character follows another, only the first is dropped: the second may be the first byte of a key.
        ESCAPE => Some((1, None)),
        _ => Some((2, None)),
    }
}

fn sequence(pending: &[u8]) -> Option<(usize, Option<Key>)> {
    // If the sequence is longer than [`MAX_SEQUENCE`] bytes, the bytes up to here are dropped, even if the end of the
    // sequence has already arrived. So the result does not depend on where a read ends.
    let pending = &pending[..pending.len().min(MAX_SEQUENCE + 1)];
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
    // True if the key was pressed together with Ctrl or Alt.
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
        _ => return Some((1, Some(Key::NotUtf8))),
    };
    let bytes = &pending[..pending.len().min(length)];
    match str::from_utf8(bytes) {
        Ok(text) => Some((length, text.chars().next().map(Key::Char))),
        Err(error) if error.error_len().is_none() && bytes.len() < length => None,
        Err(_) => Some((1, Some(Key::NotUtf8))),
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
    #[case::not_utf8(b"\xffa\xc3b", vec![Key::NotUtf8, Key::Char('a'), Key::NotUtf8, Key::Char('b')])]
    #[case::a_paste_that_is_not_utf8(
        b"\x1b[200~caf\xe9 noir\xf0\x9f\x1b[201~",
        vec![Key::Paste("caf".into()), Key::NotUtf8, Key::Paste(" noir".into()), Key::NotUtf8]
    )]
    #[case::enter(b"\r", vec![Key::Enter])]
    #[case::arrows(b"\x1b[A\x1bOB", vec![Key::Up, Key::Down])]
    #[case::words(b"\x1b[1;5D\x1bf", vec![Key::WordLeft, Key::WordRight])]
    #[case::unknown(b"\x1b[24~x", vec![Key::Char('x')])]
    #[case::too_long(b"\x1b[0000000000000000000000000000000A", vec![Key::Char('A')])]
    #[case::paste(b"\x1b[200~a\r\nb\x1b[201~c", vec![Key::Paste("a\nb".into()), Key::Char('c')])]
    #[case::a_paste_that_attacks(b"\x1b[200~\x1b]0;x\x07\x1b[201~", vec![Key::Paste("]0;x".into())])]
    fn bytes_are_keys(#[case] bytes: &[u8], #[case] keys: Vec<Key>) {
        assert_eq!(Keys::default().push(bytes), keys);
    }

    /// Joins the parts of each paste, because the part of a paste that one read returns is a separate key.
    fn joined(keys: Vec<Key>) -> Vec<Key> {
        let mut joined = Vec::new();
        for key in keys {
            match (joined.last_mut(), key) {
                (Some(Key::Paste(text)), Key::Paste(more)) => text.push_str(&more),
                (_, key) => joined.push(key),
            }
        }
        joined
    }

    /// Generates bytes with many paste marks, incomplete marks, incomplete characters and line ends.
    fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
        let parts: Vec<&[u8]> = vec![
            PASTE_BEGINS,
            PASTE_ENDS,
            b"\x1b[20",
            b"\x1b",
            b"\r\n",
            b"\r",
            "é世👍".as_bytes(),
            b"\xf0\x9f",
            b"\xff",
            b"text",
        ];
        let part = prop_oneof![
            prop::sample::select(parts).prop_map(<[u8]>::to_vec),
            any::<Vec<u8>>(),
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    #[test]
    fn a_long_paste_is_complete_and_is_not_kept() {
        let text = "été 世界 👍\n".repeat(100_000);
        let bytes = [PASTE_BEGINS, text.as_bytes(), PASTE_ENDS].concat();
        let mut keys = Keys::default();
        let mut came = Vec::new();
        for chunk in bytes.chunks(4095) {
            came.extend(keys.push(chunk));
            assert!(keys.pending.len() < PASTE_ENDS.len());
        }
        assert!(joined(came) == [Key::Paste(text)]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_read_ends(
            bytes in any_bytes(),
            cuts: [prop::sample::Index; 3],
        ) {
            let mut cuts = cuts.map(|cut| cut.index(bytes.len() + 1));
            cuts.sort_unstable();
            let [first, second, third] = cuts;
            let mut cut = Keys::default();
            let mut keys = cut.push(&bytes[..first]);
            keys.extend(cut.push(&bytes[first..second]));
            keys.extend(cut.push(&bytes[second..third]));
            keys.extend(cut.push(&bytes[third..]));
            prop_assert_eq!(joined(keys), joined(Keys::default().push(&bytes)));
        }
    }
}
