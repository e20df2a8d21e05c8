//! Chaton.
//!
//! A client proposes a LOGIN. Once it is accepted, the client sends messages to all (MESSAGE) or to one client
//! (MESSAGE_PRIVATE), and asks others for a private connection (REQUEST_PRIVATE, answered by OK_PRIVATE or KO_PRIVATE).
//! When both agree, each gets an id (ID_PRIVATE) and opens a second connection with it (LOGIN_PRIVATE). When both
//! connections have come, the server sends ESTABLISHED on each and then relays every byte. Neither client learns the
//! other's address.
//!
//! `frames.rs` has the commands as types; `codec.rs` and `fields.rs` turn them into bytes and back. `room.rs` says what
//! each command does, with `private_connections.rs` and `connections.rs`. `options.rs` has what an operator can
//! configure. `client.rs` is the client's half, and `explain.rs` takes a frame apart for people.
//!
//! # Where the document leaves something open
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | bytes in a LONG | says 4, as for an INT | 8, as the word says; 4 by option ([`LongWidth`]) |
//! | does a sender get its own MESSAGE | "all connected clients" | yes |
//! | which clients are connected | - | those that are identified: a connection without a login gets no MESSAGE |
//! | a whisper or a request to oneself | "another user"; not forbidden | delivered; where both clients are told, a client that is both is told once |
//! | a LOGIN that is over 30 bytes | "cannot take more than 30 bytes" | LOGIN_REFUSED; over 1024 bytes it is not a frame |
//! | a LOGIN that is unreadable on a terminal | - | LOGIN_REFUSED: empty, control or invisible characters, white space around it |
//! | when are two logins the same | "not used by another client" | when their bytes are |
//! | how often a client may try to log in | "must propose a new one" | without a limit, within the time for identification |
//! | a LOGIN after success | "only once with success" | LOGIN_REFUSED, the identity stays |
//! | commands before identification | "only LOGIN can be treated" | ignored; LOGIN_PRIVATE apart |
//! | LOGIN_PRIVATE after refused LOGINs | "a new connection, on which they begin" | treated: it is no client yet |
//! | LOGIN_PRIVATE on an identified connection | "a new connection" | ignored |
//! | a sender's name that is not the client's own | "must be the login used" | the frame is not relayed |
//! | names over 30 bytes in other commands | - | no client has them; over 1024 bytes it is not a frame |
//! | an empty message | - | delivered |
//! | a request that is repeated while it waits | - | passed on again, at most every 5 seconds; it does not live longer |
//! | A asks B while B asks A | - | two requests, each with its own answer and id |
//! | KO_PRIVATE or OK_PRIVATE without a request, or from another than the target | - | ignored |
//! | too many requests or unused connect_ids | - | the command is ignored; a request whose OK_PRIVATE was ignored still waits |
//! | a request that is never answered | - | ends after 10 minutes; the requester gets KO_PRIVATE, the target nothing |
//! | a party leaves while a request waits | - | the request ends; a requester who is still there gets KO_PRIVATE |
//! | a party leaves, or 10 minutes pass, before both ends came | "distributed by the server" | the id is dead, an end that waits is closed; no KO_PRIVATE: the request was answered, and a newer one may wait |
//! | a party leaves after both ends came | - | the private connection stays |
//! | the end that waits leaves | - | another may come with the same id |
//! | which clients are the two ends | "each of the clients" | those that show the id: nothing else is on the wire |
//! | LOGIN_PRIVATE with an id that is not alive | - | the connection is closed; a second late for an address that tries many |
//! | a command of the server's, an unknown one, a negative or too long length, bad UTF-8 | - | that connection is closed |

pub mod client;
mod codec;
mod connections;
pub(crate) mod explain;
pub(crate) mod fields;
mod frames;
mod options;
mod private_connections;
mod room;

pub use codec::{Codec, LongWidth, MAX_MESSAGE_BYTES};
pub use frames::{ClientFrame, EncodedFrame, ServerFrame};
pub use options::Options;
pub use room::{MAX_LOGIN_BYTES, Room};
