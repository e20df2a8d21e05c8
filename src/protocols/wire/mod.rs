//! Bytes and fields of any protocol.
//!
//! [`Cursor`] reads fields from the front of received bytes; [`Put`] appends fields to a frame. "Not enough bytes yet"
//! is not an error: a decoder stops with [`Stop::Short`], and [`settle`] turns that into `Ok(None)`. [`Malformed`] is
//! for bytes that can never become a frame. [`Explained`] is a frame taken apart for people; [`Excerpt`] is a text from
//! a peer as the log shows it.

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
