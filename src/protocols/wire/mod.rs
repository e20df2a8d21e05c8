//! Bytes and fields. Knows no protocol.
//!
//! [`Cursor`] takes fields from the front of what has arrived, [`Put`] appends them to a frame. "Not enough bytes yet"
//! is not an error: [`Stop::Short`] says it inside a decoder and [`settle`] turns it into `Ok(None)` at its edge.
//! [`Explained`] is a frame taken apart for people, [`Excerpt`] a text from a peer as a log shows it. [`Malformed`] is for bytes that can never become right, however many follow.

mod cursor;
mod excerpt;
mod explained;
mod malformed;
mod put;

pub use cursor::{Cursor, Stop, settle};
pub use excerpt::Excerpt;
pub use explained::{Explained, Field};
pub use malformed::Malformed;
pub use put::Put;
