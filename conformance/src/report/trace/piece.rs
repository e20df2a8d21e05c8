//! The fields of a frame on the picture: their bytes in hexadecimal, with the name and the value below.

use super::canvas::{Canvas, DIGIT, GREY, Ink};
use crate::trace::Part;

/// Maximum number of bytes in one piece, and maximum number of pieces of one field.
const PIECE: usize = 16;
const PIECES: usize = 3;

/// Maximum number of characters of a value that are shown.
const VALUE: usize = 64;

const NAME: Ink = Ink::plain(12.0, GREY);

/// A piece of a field: some of its bytes, and below them its name and value.
pub(super) struct Piece {
    hex: String,
    name: String,
    value: String,
}

/// Divides a field into pieces. Only the first piece has the name and the value.
pub(super) fn pieces(part: &Part) -> Vec<Piece> {
    let value = match part.name.as_str() {
        // The picture shows only the number here, because the name of the packet is beside the arrow.
        "opcode" => part.value.split(' ').next().unwrap_or_default(),
        _ => &part.value,
    };
    let name = if part.is_length { "length" } else { &part.name };
    let (mut name, mut value) = (name.to_owned(), shortened(value, VALUE));
    let chunks: Vec<&[u8]> = part.bytes.chunks(PIECE).take(PIECES).collect();
    let shown: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let mut hexes: Vec<String> = chunks.iter().map(|chunk| hex(chunk)).collect();
    if shown < part.length || part.length == 0 {
        let more = if shown > 0 { "more " } else { "" };
        hexes.push(format!("... {} {more}bytes", part.length - shown));
    }
    let piece = |hex| Piece {
        hex,
        name: std::mem::take(&mut name),
        value: std::mem::take(&mut value),
    };
    hexes.into_iter().map(piece).collect()
}

impl Piece {
    /// Returns whether nothing is written below the bytes.
    pub(super) fn is_nameless(&self) -> bool {
        self.name.is_empty() && self.value.is_empty()
    }

    fn bytes_width(&self) -> f64 {
        let characters = u32::try_from(self.hex.chars().count()).map_or(0.0, f64::from);
        characters * DIGIT + 14.0
    }

    pub(super) fn width(&self) -> f64 {
        let (name, value) = (
            NAME.width(&self.name),
            Ink::bold(12.0, GREY).width(&self.value),
        );
        self.bytes_width().max(name + value + 6.0)
    }

    pub(super) fn draw(&self, shapes: &mut Canvas, (x, y): (f64, f64), colour: &'static str) {
        shapes.rectangle((x, y), (self.bytes_width(), 20.0), colour);
        shapes.bytes((x + 7.0, y + 14.5), "#ffffff", &self.hex);
        let ink = Ink::bold(12.0, colour);
        shapes.labelled((x, y + 34.0), (NAME, &self.name), (ink, &self.value));
    }
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

/// Returns at most this number of characters of a text.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
