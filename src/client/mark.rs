//! The byte order mark: some editors write it at the beginning of a text to say how the text is encoded.

/// The encoding that a mark announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Utf8,
    Utf16,
}

impl Mark {
    /// The mark of UTF-8. The mark is not a part of the text.
    pub(crate) const UTF8: &[u8] = b"\xef\xbb\xbf";

    /// The reason why text in UTF-16 is refused.
    pub(crate) const REFUSAL: &str = "it is text in UTF-16; save it as UTF-8";

    /// Returns the mark at the beginning of a text.
    pub(crate) fn of(text: &[u8]) -> Option<Mark> {
        if text.starts_with(Mark::UTF8) {
            Some(Mark::Utf8)
        } else if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            Some(Mark::Utf16)
        } else {
            None
        }
    }
}
