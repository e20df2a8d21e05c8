/// Maximum size of a piece of a line, in bytes. A longer line is shown in pieces of this size.
const MAX_LINE_BYTES: usize = 4096;

/// Splits raw bytes into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Returns the lines that end within these bytes, without their line feeds. A line that is too long is returned in
    /// pieces: `false` means that the line continues.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<(Vec<u8>, bool)> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if self.begun.last() == Some(&b'\n') {
                self.begun.pop();
                lines.push((std::mem::take(&mut self.begun), true));
            }
            while self.begun.len() >= MAX_LINE_BYTES {
                let rest = self.begun.split_off(cut(&self.begun));
                lines.push((std::mem::replace(&mut self.begun, rest), false));
            }
        }
        lines
    }

    /// Takes the last line, which has no line feed. Call it at the end of the stream.
    pub(crate) fn rest(&mut self) -> Option<(Vec<u8>, bool)> {
        let rest = std::mem::take(&mut self.begun);
        (!rest.is_empty()).then_some((rest, false))
    }
}

/// Returns where to cut a long line: at the limit, or, if the limit is inside a character, before this character.
fn cut(bytes: &[u8]) -> usize {
    let at_limit = &bytes[..MAX_LINE_BYTES];
    match str::from_utf8(at_limit) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => MAX_LINE_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_their_line_feeds_are() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"on"), []);
        assert_eq!(
            lines.push(b"e\n\ntwo\nth"),
            [
                (b"one".to_vec(), true),
                (b"".to_vec(), true),
                (b"two".to_vec(), true)
            ]
        );
        assert_eq!(lines.rest(), Some((b"th".to_vec(), false)));
        assert_eq!(lines.rest(), None);
    }

    #[test]
    fn a_long_line_is_cut_into_pieces_but_never_inside_a_character() {
        let mut lines = Lines::default();
        let mut bytes = vec![b'x'; MAX_LINE_BYTES - 1];
        bytes.extend("é!".as_bytes());
        assert_eq!(
            lines.push(&bytes),
            [(vec![b'x'; MAX_LINE_BYTES - 1], false)]
        );
        assert_eq!(lines.push(b"\n"), [("é!".as_bytes().to_vec(), true)]);
    }
}
