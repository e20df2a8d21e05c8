//! What our clients say to each other on a private connection: lines of text, and files between them.
//!
//! A private connection carries raw bytes, and whoever is at the other end need not be this program. So **text is just
//! text**: a line is its bytes and a line feed, which any peer can read, and any peer's lines can be read here. What is more
//! than text is a line as well, and begins with `::matou/1 `, the 1 being the version of this page:
//!
//! | line, behind `::matou/1 ` | from | meaning |
//! |---|---|---|
//! | `offer ID SIZE SHA256 NAME` | sender | a file: its size in bytes, the hash of all of it (64 hexadecimal digits), its name up to the end of the line |
//! | `accept ID OFFSET` | receiver | send it, from this byte on; the bytes before it are here already |
//! | `deny ID` | receiver | do not |
//! | `data ID LENGTH` | sender | behind the line feed LENGTH bytes of the file follow, at most 65536; then the next line begins |
//! | `withdraw ID` | sender | no more of it comes: the offer is void |
//! | `stop ID` | receiver | no more of it is wanted; what is on its way is skipped |
//! | `done ID` | receiver | all of it is here and its hash is right |
//! | `bad ID` | receiver | all of it is here and its hash is wrong |
//! | `text TEXT` | both | a line of text that itself begins with `::matou/` |
//!
//! ID is a number below 2^32 that the sender of the file gives it; the two directions number on their own. A line of data
//! may stand between any two lines, so talk goes on while a file is on its way. A line that begins with `::matou/` and is
//! none of these (a later version's, say) is shown as the text that it is, and nothing else comes of it.
//!
//! **A transfer that was cut** is resumed by offering the same file again: the receiver recognises it by hash and size, and
//! accepts from the byte that it does not have. The hash is over the whole file, so a wrong beginning is noticed at the end.
//!
//! Nothing here touches a file or a connection: [`Decoder`] takes bytes, [`Transfers`] says what is to be done.

mod decoder;
mod frame;
mod transfers;

pub(super) use decoder::{Decoder, Piece};
pub(super) use frame::{Digest, Frame, encode_text};
pub(super) use transfers::Transfers;
