//! File transfer.
//!
//! | file | what is in it |
//! |---|---|
//! | `exchange.rs` | the interface between the loop and the transfers of one private connection |
//! | `profile/` | transfers between two of these clients, on a connection with raw bytes |
//! | `streamed/` | transfers in a protocol's own frames (ChatHack) |
//! | `disk/` | the threads that read and write files |
//! | `digest.rs` | the SHA-256 of a file |
//!
//! `exchange`, `profile` and `streamed` do no IO: events come in, and what the loop must do comes out.

mod digest;
pub(crate) mod disk;
pub(crate) mod exchange;
pub(crate) mod profile;
pub(crate) mod streamed;
