//! Finds out how a text is encoded. Some editors write a byte order mark at the beginning of a text, which shows its
//! encoding.

/// The byte order mark of UTF-8. It is not a part of the text.
pub(crate) const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// The reason why text in UTF-16 is refused.
pub(crate) const UTF16_REFUSAL: &str = "it is text in UTF-16; save it as UTF-8";

/// True if a text is encoded in UTF-16: it begins with a byte order mark of UTF-16, or it contains a NUL byte. Some programs
/// write UTF-16 without a mark. In such a text, each letter of a European language has a NUL byte next to it.
pub(crate) fn is_utf16(text: &[u8]) -> bool {
    text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") || text.contains(&0)
}
