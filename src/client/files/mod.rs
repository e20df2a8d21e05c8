//! File transfer.
//!
//! | file | what is in it |
//! |---|---|
//! | `exchange.rs` | the interface between the loop and the transfers of one private connection |
//! | `profile/` | transfers between two clients of this kind, on a connection that carries raw bytes |
//! | `streamed/` | transfers in the frames of a protocol (ChatHack) |
//! | `disk/` | the threads that read and write files |
//! | `digest.rs` | the SHA-256 of a file |
//!
//! `exchange`, `profile` and `streamed` do no IO: their functions receive events, and return what the loop must do.

mod digest;
pub(crate) mod disk;
pub(crate) mod exchange;
pub(crate) mod profile;
pub(crate) mod streamed;
