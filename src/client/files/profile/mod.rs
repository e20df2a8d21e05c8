//! The format of private connections between two users of this client: lines of text, with files between the lines.
//!
//! A private connection carries raw bytes, and the peer may be another program. So **text is plain text**: a line consists
//! of its bytes and a line feed. Any peer can read the text lines of this client, and this client can read the lines of any
//! peer. A frame is a line too. It begins with `::matou/1 `, where 1 is the version of this format:
//!
//! | line, after `::matou/1 ` | from | meaning |
//! |---|---|---|
//! | `offer ID SIZE SHA256 NAME` | sender | offers a file: its size in bytes, its SHA-256 (64 hexadecimal digits), and its name up to the end of the line |
//! | `accept ID OFFSET` | receiver | accepts the file from this byte on; the receiver already has the bytes before it |
//! | `deny ID` | receiver | declines the file |
//! | `data ID LENGTH` | sender | after the line feed, LENGTH bytes of the file follow, at most 65536; then the next line begins |
//! | `withdraw ID [REASON]` | sender | withdraws the offer, or stops the transfer; without a reason, the user asked for this |
//! | `stop ID [REASON]` | receiver | cancels the transfer; the receiver skips the data that is still in transit |
//! | `done ID` | receiver | the whole file arrived, and its hash is correct |
//! | `bad ID` | receiver | the whole file arrived, but its hash is wrong |
//! | `text TEXT` | both | a line of text that itself begins with `::matou/` |
//!
//! ID is a number below 2^32 that the file's sender chooses. The two directions are numbered separately. Lines of text may
//! come between `data` lines, so users can talk during a transfer. A line that begins with `::matou/` but is not in this
//! table (such as a line of a later version) is shown as text and has no other effect.
//!
//! **An interrupted transfer** resumes when the same file is offered again. The receiver recognises the file by hash and
//! size, and accepts it from the first missing byte. The hash covers the whole file, so an error in the bytes from the
//! earlier transfer is detected at the end.
//!
//! This module does no IO: [`Decoder`] splits bytes into lines, and [`Transfers`] returns what to do.

mod decoder;
mod frame;
mod lines;
mod transfers;

use super::digest::Digest;
pub(crate) use decoder::{Decoder, Piece};
pub(crate) use frame::{Frame, encode_text};
pub(crate) use transfers::Transfers;
