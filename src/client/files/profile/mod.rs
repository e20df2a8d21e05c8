//! The format of private connections between two users of this client: lines of text, with files between the lines.
//!
//! A private connection carries raw bytes, and the peer may be another program. So **text is plain text**: a line of text is
//! sent as its bytes and a line feed, with nothing else around it. Any peer can read the text lines of this client, and this
//! client can read the lines of any peer. Everything that is not text is sent as a *frame*. A frame is a line too; it begins
//! with `::matou/1 `, where 1 is the version of this format:
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
//! ID is a number below 2^32 that the file's sender chooses. Each of the two clients numbers its own files, so the same ID
//! can occur in both directions. Lines of text may come between `data` lines, so users can talk during a transfer. If a line
//! begins with `::matou/` but is not in this table (for example, a line of a later version), the client shows it as text.
//!
//! **An interrupted transfer** resumes when the same file is offered again. The receiver recognises the file by hash and
//! size, and accepts it from the first missing byte. The hash covers the whole file. So at the end, the receiver also
//! detects an error in the bytes from the earlier transfer.
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
