//! Transfers of files between two clients, and the names of the files.

use matou_protocols::room::is_hidden;

use crate::script::{Script, cuts};
use profile::{Decoder, Piece};

#[allow(dead_code, reason = "the client uses more of it")]
#[path = "../../../src/client/files/digest.rs"]
pub(crate) mod digest;

#[allow(dead_code, reason = "the client uses more of it")]
#[path = "../../../src/client/files/disk/name.rs"]
mod name;

mod profile;

/// Decodes the bytes either as those of a private connection, or as the name of a file. The first byte chooses this.
pub(crate) fn transfers(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    match script.one_of(&[0, 1]) {
        0 => stream(script.rest()),
        _ => file_name(&String::from_utf8_lossy(script.rest())),
    }
}

/// Decodes the bytes as a whole, and cut into two parts, at many places. Encodes each frame, and decodes it again.
fn stream(bytes: &[u8]) {
    let whole = decoded(&[bytes]);
    for cut in cuts(bytes.len()) {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(decoded(&[first, second]), whole, "cut after {cut} bytes");
    }
    for piece in whole {
        if let Piece::Frame(frame) = &piece {
            assert_eq!(decoded(&[&frame.encode()]), [piece]);
        }
    }
}

fn decoded(parts: &[&[u8]]) -> Vec<Piece> {
    let mut decoder = Decoder::default();
    let mut pieces: Vec<_> = parts.iter().flat_map(|part| decoder.push(part)).collect();
    pieces.extend(decoder.rest());
    joined(pieces)
}

/// Joins neighbouring pieces of the same data. The decoder ends a piece where a part of the input ends, so without this
/// function the result would depend on the cuts.
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

/// Checks a name that a peer has chosen. The peer may choose any name, but the name on the disk must be one visible
/// component of a path.
fn file_name(offered: &str) {
    let safe = name::safe_name(offered);
    let short = name::shorter(&safe);
    let numbered = name::numbered(&safe, 999);
    for name in [Some(&safe), short.as_ref(), Some(&numbered)]
        .into_iter()
        .flatten()
    {
        assert!(!name.is_empty() && name.len() <= 200, "{name:?}");
        assert!(!name.starts_with(['.', '-', '~', ' ']), "{name:?}");
        assert!(!name.contains(['/', '\\']), "{name:?}");
        assert!(!name.chars().any(is_hidden), "{name:?}");
    }
    assert_eq!(name::safe_name(&safe), safe, "the name is safe already");
}
