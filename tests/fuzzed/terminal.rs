//! The keys that a terminal sends.

use crate::script::cuts;
use keys::{Key, Keys};

#[path = "../../src/client/face/terminal/keys.rs"]
mod keys;

/// Decodes the bytes of a terminal as a whole, and in two reads, cut at many places.
pub(crate) fn keys(bytes: &[u8]) {
    let whole = decoded(&[bytes]);
    for cut in cuts(bytes.len()) {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(decoded(&[first, second]), whole, "cut after {cut} bytes");
    }
}

fn decoded(reads: &[&[u8]]) -> Vec<Key> {
    let mut keys = Keys::default();
    joined(reads.iter().flat_map(|read| keys.push(read)).collect())
}

/// Joins the parts of each paste, because every read returns a separate part.
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
