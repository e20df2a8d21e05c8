//! The protocol Chaton.
//!
//! A client proposes a LOGIN. After the server has accepted the login, the client sends messages to all (MESSAGE) or to one
//! client (MESSAGE_PRIVATE). It can also ask another client for a private connection (REQUEST_PRIVATE). The other client
//! answers with OK_PRIVATE or KO_PRIVATE. When both clients agree, the server sends both the same id (ID_PRIVATE). Each
//! client opens a second connection to the server and sends the id on it (LOGIN_PRIVATE). When the server has both
//! connections, it sends ESTABLISHED on each, and then relays every byte between them. Neither client learns the other's
//! address.
//!
//! `frames.rs` defines the commands as types; `codec.rs` and `fields.rs` turn them into bytes and back. `room.rs`,
//! `private_connections.rs` and `connections.rs` define what each command does. `options.rs` contains the options that an
//! operator can set. `client.rs` is the client's half, and `explain.rs` splits a frame into its fields, for people who want
//! to see the bytes.
//!
//! # Where the document leaves something open
//!
//! A dash in the second column means that the document says nothing about the question.
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | how many bytes a LONG has | 4, the same as an INT | 8, which is what "long" usually means; 4 with an option ([`LongWidth`]) |
//! | does a sender get its own MESSAGE | "all connected clients" | yes |
//! | which clients are connected | - | those that are identified: a connection without a login gets no MESSAGE |
//! | a whisper or a request to oneself | "another user"; not forbidden | delivered; a command that goes to both clients is sent once |
//! | a LOGIN of more than 30 bytes | "cannot take more than 30 bytes" | LOGIN_REFUSED; with more than 1024 bytes it is not a valid frame |
//! | a LOGIN that cannot be read on a terminal | - | LOGIN_REFUSED if it is empty, contains control or invisible characters, or begins or ends with white space |
//! | when are two logins the same | "not used by another client" | when their bytes are equal |
//! | how often a client may try to log in | "must propose a new one" | as often as it wants, until the time limit for the identification |
//! | a LOGIN after success | "only once with success" | LOGIN_REFUSED; the client keeps its login |
//! | commands before identification | "only LOGIN can be treated" | ignored, except LOGIN_PRIVATE |
//! | LOGIN_PRIVATE after refused LOGINs | "a new connection, on which they begin" | accepted, because the connection is not a client yet |
//! | LOGIN_PRIVATE on an identified connection | "a new connection" | ignored |
//! | a sender's name that is not the client's own | "must be the login used" | the frame is not relayed |
//! | a name of more than 30 bytes in another command | - | no client has such a name, so the command is ignored; with more than 1024 bytes it is not a valid frame |
//! | an empty message | - | delivered |
//! | a request that is repeated while it is pending | - | relayed again, at most every 5 seconds; its time limit does not change |
//! | A asks B while B asks A | - | two requests, each with its own answer and id |
//! | KO_PRIVATE or OK_PRIVATE without a request, or from a client that is not the target | - | ignored |
//! | too many requests or unused connect_ids | - | the command is ignored; a request whose OK_PRIVATE was ignored stays pending |
//! | a request that is never answered | - | ends after 10 minutes; the requester gets KO_PRIVATE, the target gets nothing |
//! | the requester or the target leaves while a request is pending | - | the request ends; if the target left, the requester gets KO_PRIVATE |
//! | one of the two clients leaves, or 10 minutes pass, before both ends have connected | "distributed by the server" | the id is no longer valid, and an end that waits is closed; no KO_PRIVATE is sent, because it would look like the answer to a newer request |
//! | one of the two clients leaves after both ends have connected | - | the private connection stays open |
//! | the end that waits leaves | - | another connection may come with the same id |
//! | which connections are the two ends | "each of the clients" | those that show the id, because LOGIN_PRIVATE contains nothing else |
//! | LOGIN_PRIVATE with an id that is not valid | - | the connection is closed; if many wrong ids came from its address, it is closed one second later |
//! | a command that only the server may send, an unknown command, a negative or too large length, invalid UTF-8 | - | that connection is closed |

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
