//! A hex dump with explanations: each row has the bytes of a field in hexadecimal, and the field's name and value. Each
//! field has its own colour.

use crate::escape::Escaped;
use crate::face::paint::Paint;
use matou_protocols::wire::{Explained, Field};

/// Limits of a hex dump.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Bytes per row.
    pub(crate) columns: usize,
    /// Maximum rows per field; longer fields are cut.
    pub(crate) rows: usize,
}

/// Maximum length of the text that shows a value, in bytes. A longer text is cut.
const MAX_VALUE: usize = 200;

/// Returns the rows of a frame.
pub(crate) fn frame(
    bytes: &[u8],
    explained: &Explained,
    extent: Extent,
    paint: &Paint,
) -> Vec<String> {
    let mut rows = Vec::new();
    for (index, field) in explained.fields.iter().enumerate() {
        let own = match field.is_secret {
            true => &[],
            false => bytes.get(field.range.clone()).unwrap_or_default(),
        };
        rows.extend(field_rows(own, field, index, extent, paint));
    }
    rows
}

/// Returns the rows that show these bytes without decoding them.
pub(crate) fn raw(bytes: &[u8], extent: Extent, paint: &Paint) -> Vec<String> {
    let field = Field {
        name: String::new(),
        range: 0..bytes.len(),
        value: format!("{:?}", String::from_utf8_lossy(bytes)),
        is_secret: false,
    };
    field_rows(bytes, &field, 0, extent, paint)
}

fn field_rows(
    bytes: &[u8],
    field: &Field,
    index: usize,
    extent: Extent,
    paint: &Paint,
) -> Vec<String> {
    let width = extent.columns * 3;
    let row = |bytes: &[u8]| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x} ")).collect();
        paint.nth(index, &format!("{hex:<width$}"))
    };
    let meaning = format!("{} {}", field.name, shortened(&field.value));
    let mut pieces = bytes.chunks(extent.columns);
    let first = row(pieces.next().unwrap_or_default());
    let mut rows = vec![format!(
        "      {first} {}",
        paint.nth(index, &meaning.trim())
    )];
    rows.extend(
        pieces
            .take(extent.rows - 1)
            .map(|piece| format!("      {}", row(piece))),
    );
    let left = bytes.len().saturating_sub(extent.rows * extent.columns);
    if left > 0 {
        rows.push(format!("      ... {left} more bytes"));
    }
    rows
}

fn shortened(value: &str) -> String {
    let end = value.floor_char_boundary(MAX_VALUE);
    let more = if end < value.len() { "..." } else { "" };
    format!("{}{more}", Escaped(&value[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENT: Extent = Extent {
        columns: 4,
        rows: 2,
    };

    #[test]
    fn each_field_has_rows_of_its_own() {
        let explained = Explained::new("LOGIN", 0).text32("login", "a\u{202e}");
        let rows = frame(
            b"\0\0\0\0\x04a\xe2\x80\xae",
            &explained,
            EXTENT,
            &Paint::default(),
        );
        assert_eq!(
            rows,
            [
                "      00           opcode 0",
                "      00 00 00 04  length of login 4",
                "      61 e2 80 ae  login \"a\\u{202e}\"",
            ]
        );
    }

    #[test]
    fn long_fields_are_cut() {
        let rows = raw(&[b'x'; 100], EXTENT, &Paint::default());
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2], "      ... 92 more bytes");
    }
}
