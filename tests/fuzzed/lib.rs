//! Checks of every decoder that reads bytes or text from outside the program. Each check takes arbitrary bytes and must not
//! panic.
//!
//! Two programs use these checks. The fuzz targets of `tests/fuzz/` look for bytes with which a check fails. The test
//! `replay.rs` runs each check with the corpus of its target, so it needs neither a fuzzer nor a special toolchain.
//!
//! | file | what it checks |
//! |---|---|
//! | `codecs.rs` | the frames of the five protocols: decoded in one piece or in parts, and encoded again |
//! | `rooms/` | the rooms: clients that connect, send any bytes, wait and leave in any order |
//! | `dialogues.rs` | the client's half of the protocols: a server and peers that send any bytes |
//! | `http.rs` | the registry's requests and responses |
//! | `suites.rs` | the codec of the conformance suite, its files, and the watch of `conformance tap` |
//! | `texts.rs` | lists of accounts, addresses, keys, typed lines and other short texts |
//! | `files/`, `terminal.rs` | file transfers and the names of files; the keys of a terminal |
//! | `script.rs` | reads deeds and texts from the arbitrary bytes |
//!
//! Some decoders are private, and no public function calls them without a socket or a terminal. For these, this crate
//! compiles the decoder's file a second time.

// The files of other crates contain unit tests, which run in those crates.
#![cfg(not(test))]

mod codecs;
mod dialogues;
#[allow(dead_code, reason = "the client uses more of it")]
#[path = "../../src/client/escape.rs"]
mod escape;
mod files;
mod http;
mod rooms;
mod script;
mod suites;
mod terminal;
mod texts;

use conformance_suite::grammar;

/// A check of arbitrary bytes. It panics if the decoder that it checks breaks a promise.
pub type Check = fn(&[u8]);

/// The fuzz targets: their names, which are the names of their folders in `tests/fuzz/corpus`, and their checks.
pub const TARGETS: &[(&str, Check)] = &[
    ("codec_chaton", codecs::chaton),
    ("codec_chatos_groupe2", codecs::chatos_groupe2),
    ("codec_chatos_1_0", codecs::chatos_1_0),
    ("codec_chathack", codecs::chathack),
    ("codec_chatr", codecs::chatr),
    ("room_chaton", rooms::chaton),
    ("room_chatos_groupe2", rooms::chatos_groupe2),
    ("room_chatos_1_0", rooms::chatos_1_0),
    ("room_chathack", rooms::chathack),
    ("room_chatr", rooms::chatr),
    ("dialogues", dialogues::all),
    ("http", http::both),
    ("suite_codec", suites::codec),
    ("suite_files", suites::files),
    ("suite_tap", suites::tap),
    ("texts", texts::all),
    ("transfers", files::transfers),
    ("terminal", terminal::keys),
];

/// Runs the check of a target.
///
/// # Panics
///
/// Panics if no target has this name, or if the check fails.
pub fn check(target: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, check) = found.unwrap_or_else(|| panic!("no target has the name {target}"));
    check(bytes);
}
