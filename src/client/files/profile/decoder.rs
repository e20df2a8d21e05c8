use super::Frame;
use super::lines::Lines;

/// Splits the bytes of a private connection into text, frames and data.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    lines: Lines,
    /// The file whose bytes follow, and the number of these bytes.
    data: Option<(u32, usize)>,
    /// True if the next bytes are the rest of a long line. In this case they cannot begin a frame.
    continued: bool,
}

/// A piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A line without its line feed, or a part of a long line.
    Text { line: Vec<u8>, complete: bool },
    /// A frame.
    Frame(Frame),
    /// Bytes of a file.
    Data { id: u32, bytes: Vec<u8> },
}

impl Decoder {
    /// Decodes received bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some((id, left)) = self.data {
                let (data, after) = rest.split_at(left.min(rest.len()));
                rest = after;
                self.data = (data.len() < left).then_some((id, left - data.len()));
                let bytes = data.to_vec();
                pieces.push(Piece::Data { id, bytes });
                continue;
            }
            // Take only one line: the bytes after it may belong to a file.
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (line, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = after;
            for (line, complete) in self.lines.push(line) {
                pieces.extend(self.line(line, complete));
            }
        }
        pieces
    }

    /// Takes the last line, which has no line feed. Call it at the end of the stream.
    pub(crate) fn rest(&mut self) -> Option<Piece> {
        let (line, complete) = self.lines.rest()?;
        Some(Piece::Text { line, complete })
    }

    fn line(&mut self, line: Vec<u8>, complete: bool) -> Option<Piece> {
        let whole = complete && !self.continued;
        self.continued = !complete;
        // A peer may end its frames with CR LF.
        let bare = |line: &[u8]| line.strip_suffix(b"\r").and_then(Frame::parse);
        let frame = whole
            .then(|| Frame::parse(&line).or_else(|| bare(&line)))
            .flatten();
        match frame {
            None => Some(Piece::Text { line, complete }),
            Some(Frame::Text(text)) => Some(Piece::Text {
                line: text.into_bytes(),
                complete,
            }),
            Some(Frame::Data { id, length }) => {
                self.data = Some((id, length));
                None
            }
            Some(frame) => Some(Piece::Frame(frame)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::profile::encode_text;
    use proptest::prelude::*;

    fn text(line: &str) -> Piece {
        Piece::Text {
            line: line.into(),
            complete: true,
        }
    }

    #[test]
    fn text_frames_and_data_may_follow_each_other() {
        let mut decoder = Decoder::default();
        let pieces = decoder
            .push(b"hi\n::matou/1 data 7 5\na\nb\ncthere\n::matou/1 deny 3\r\n::matou/9 x\nend");
        assert_eq!(
            pieces,
            [
                text("hi"),
                Piece::Data {
                    id: 7,
                    bytes: b"a\nb\nc".to_vec()
                },
                text("there"),
                Piece::Frame(Frame::Deny { id: 3 }),
                text("::matou/9 x"),
            ]
        );
        let end = Piece::Text {
            line: b"end".to_vec(),
            complete: false,
        };
        assert_eq!(decoder.rest(), Some(end));
    }

    #[test]
    fn the_rest_of_a_long_line_is_not_a_frame() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.push(&[b'x'; 4096]).len(), 1);
        let pieces = decoder.push(b"::matou/1 deny 3\n");
        assert_eq!(pieces, [text("::matou/1 deny 3")]);
    }

    /// Joins neighbouring pieces of the same kind, so that a test need not know where the stream was cut.
    fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (
                    Some(Piece::Data { id, bytes }),
                    Piece::Data {
                        id: same,
                        bytes: more,
                    },
                ) if *id == same => bytes.extend(more),
                (_, piece) => joined.push(piece),
            }
        }
        joined
    }

    #[test]
    fn text_that_looks_like_a_frame_and_ends_in_a_carriage_return_arrives_as_it_was_typed() {
        let line = "::matou/1 \r";
        assert_eq!(Decoder::default().push(&encode_text(line)), [text(line)]);
    }

    proptest! {
        #[test]
        fn any_line_of_text_arrives_as_it_was_typed(line in "(::matou/1 )?[^\n]{0,40}") {
            let pieces = Decoder::default().push(&encode_text(&line));
            prop_assert_eq!(pieces, [text(&line)]);
        }

        #[test]
        fn it_does_not_matter_where_a_read_ends(
            lines in prop::collection::vec("(::matou/1 data 1 3|::matou/1 deny 1|[a-z]{0,5})\n", 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let bytes = lines.concat().into_bytes();
            let whole = joined(Decoder::default().push(&bytes));
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut decoder = Decoder::default();
            let pieces = cuts.windows(2).flat_map(|cut| decoder.push(&bytes[cut[0]..cut[1]])).collect();
            prop_assert_eq!(joined(pieces), whole);
        }
    }
}
