//! The protocol ChatOS as the authors of "Groupe 2" describe it.
//!
//! The document of this group is Chaton's text with two more commands: a client closes a private connection
//! (CLOSE_CONNECTION), and the server tells the other client (ACCEPT_CLOSE_CONNECTION). Everything else works as in
//! [`crate::chaton`]. The documentation of that module also answers the questions that Chaton's document leaves open. This
//! folder contains only the additions. `frames.rs` and `codec.rs` define the two commands, `room.rs` says what they do, and
//! `private_connections.rs` contains what the room stores for them. `client.rs` is the client's half.
//!
//! # Where the document leaves something open
//!
//! A dash in the second column means that the document says nothing about the question.
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | which opcode is which message | table: 3 = Private, 4 = Global; body: 3 = MESSAGE, 4 = MESSAGE_PRIVATE | as the body says; Chaton and the authors' own program do the same |
//! | the names of the commands | table and body differ | the names in the body |
//! | who may send CLOSE_CONNECTION | "a client" | each of the two clients of that private connection, on its identified connection |
//! | which private connection is closed | connect_id, login_requester, login_target | the one with that id, but only if the two names are those of its clients, in either order |
//! | when it may be closed | - | once, between ID_PRIVATE and 60 seconds after it ended; real clients close their private socket before they send CLOSE_CONNECTION |
//! | any other CLOSE_CONNECTION | - | ignored |
//! | who is told | "the client concerned" | the other client, on its identified connection, if it is still connected |
//! | what ACCEPT_CLOSE_CONNECTION's login_target is | - | the login of the client that closes, because the receiver must know which private connection is closed |
//! | what the client that closes is told | - | nothing; the server only closes its end |
//! | closing a private connection with oneself | - | the client is also the other client, so it gets ACCEPT_CLOSE_CONNECTION |
//! | in which order this happens | - | first ACCEPT_CLOSE_CONNECTION is queued for the other client; then the bytes that were already read from the two ends are written, and both ends are closed |
//! | a client closes its end just before its CLOSE_CONNECTION arrives | - | the server waits up to 100 milliseconds before it tells the other end ([`TUNNEL_END_DELAY`]), so that ACCEPT_CLOSE_CONNECTION comes first |
//! | closing before both ends have connected | - | the id is no longer valid, and an end that waits is closed |

use std::time::Duration;

pub mod client;
mod codec;
mod explain;
mod frames;
mod private_connections;
mod room;

pub use crate::chaton::{Codec, LongWidth, Options};
pub use frames::{AcceptCloseConnection, ClientFrame, CloseConnection, ServerFrame};
pub use room::Room;

/// When one end of a private connection has sent its last byte, the server waits for this time before it tells the other end
/// that no more bytes follow. In this time, a CLOSE_CONNECTION may arrive on another connection. The server must send the
/// ACCEPT_CLOSE_CONNECTION for it first: the authors' client fails when a private connection ends without an
/// ACCEPT_CLOSE_CONNECTION.
pub const TUNNEL_END_DELAY: Duration = Duration::from_millis(100);
