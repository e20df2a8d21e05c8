//! The decoder of private connections between two `matou` clients, with the modules that it uses.

#[path = "../../../src/client/files/profile/decoder.rs"]
mod decoder;

#[allow(dead_code, reason = "the client uses more of it")]
#[path = "../../../src/client/files/profile/frame.rs"]
mod frame;

#[path = "../../../src/client/files/profile/lines.rs"]
mod lines;

pub(crate) use decoder::{Decoder, Piece};
pub(crate) use frame::Frame;
