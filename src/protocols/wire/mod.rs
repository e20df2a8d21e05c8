//! Reads and writes bytes and fields, for all protocols.
//!
//! [`Cursor`] reads fields from the front of received bytes; [`Put`] appends fields to a frame. "Not enough bytes yet" is
//! not an error: a decoder stops with [`Stop::Short`], and [`settle`] turns this value into `Ok(None)`. [`Malformed`] says
//! why bytes can never become a frame. [`Explained`] is a frame that is split into its fields, for people to read.
//! [`Excerpt`] is a text from a peer, as the log shows it.

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
