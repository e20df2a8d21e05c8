//! ChatOS as described by "Groupe 2".
//!
//! Their document is Chaton's text with two more commands: a client closes a private connection (CLOSE_CONNECTION), and
//! the other client is told (ACCEPT_CLOSE_CONNECTION). So everything else is [`crate::chaton`], with its readings, and
//! this folder has the additions: `frames.rs` and `codec.rs` have the two commands, `room.rs` says what they do,
//! `private_connections.rs` has what the room keeps for them, and `client.rs` is the client's half.
//!
//! # Where the document leaves something open
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | which opcode is which message | table: 3 = Private, 4 = Global; body: 3 = MESSAGE, 4 = MESSAGE_PRIVATE | the body, as Chaton and the authors' own program |
//! | the names of the commands | table and body differ | the body's |
//! | who may send CLOSE_CONNECTION | "a client" | a party of that private connection, on its identified connection |
//! | which one is closed | connect_id, login_requester, login_target | the one with that id, and only if the two names are its parties', in either order |
//! | when it may be closed | - | from ID_PRIVATE on, and until 60 seconds after it ended: real clients close their private socket first; once |
//! | any other CLOSE_CONNECTION | - | ignored |
//! | who is told | "the client concerned" | the other party, on its identified connection, if it is still there |
//! | what ACCEPT_CLOSE_CONNECTION's login_target is | - | the login of the client that closes: the receiver must know which private connection is closed |
//! | what the client that closes is told | - | nothing; its end sees the end of the bytes |
//! | closing a private connection with oneself | - | the client is also the other party, and is told |
//! | in which order | - | first the command is queued for the other party, then both ends are closed: what was read from them is written, and the end of the bytes passed on |
//! | bytes end just before CLOSE_CONNECTION comes | - | the end is held back for up to 100 milliseconds ([`TUNNEL_END_DELAY`]), so that the command is told first |
//! | closing before both ends came | - | the id is dead, an end that waits is closed |

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

/// How long the server delays the end of a private connection's direction, because a CLOSE_CONNECTION may follow
/// directly: the authors' client does not survive an end that was not announced.
pub const TUNNEL_END_DELAY: Duration = Duration::from_millis(100);
