//! The protocol ChatHack.
//!
//! A client logs in with the login and the password of an account (opcode 1), or without a password (opcode 2). In the
//! second case, the login must belong to no account and to no connected client. Then the client sends messages to all
//! clients (opcode 3), and asks other clients for a private connection (opcode 4). The client that is asked can agree
//! (opcode 5): its packet contains the address to connect to and the id to send there. Or it can decline (opcode 6). The
//! server relays both answers. Private messages and files go over a direct connection between the two clients. The server
//! never sees this connection. The client that opens this connection sends the id as its first packet (opcode 9). Then both
//! clients send messages (opcode 7) and files (opcode 8).
//!
//! `frames.rs` defines the packets as types, and `codec.rs` turns them into bytes and back. `room.rs`, `logins.rs`,
//! `private_connections.rs` and `connections.rs` define what each packet does. `options.rs` contains the options that an
//! operator can set. If the room needs the stored accounts for an answer, it asks a [`Question`], and handles other events
//! until the answer to the question arrives. `client.rs` is the client's half, and `explain.rs` splits a packet into its
//! fields, for people who want to see the bytes.
//!
//! # Where the document leaves something open
//!
//! A dash in the second column means that the document says nothing about the question.
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | prose and figures differ | - | the figures |
//! | who *sender* and *receiver* are | differs | the sender is the client that sends the packet; in opcodes 5 and 6 this is the client that was asked; the login in ACK 6 is the asker's, the login in ACK 7 and 8 is that of the client that was asked |
//! | a wrong password, or a password with an unknown login | ACK 2 | ACK 2 in both cases, after the same time |
//! | a right password of a client that is connected | ACK 4 | ACK 4 to the new connection; the old connection stays open |
//! | a login without password that an account or a client has | ACK 4 | ACK 4 |
//! | a login over 255 bytes, or unreadable on a terminal | - | ACK 2; over 1024 bytes it is not a packet |
//! | a password over 255 bytes | - | treated as wrong; over 1024 bytes it is not a packet |
//! | how often a client may try to log in | - | 5 times on a connection; it is closed after the last answer |
//! | how often an address may try passwords | - | 10 wrong passwords a minute, including those that are still being checked; above this limit, every password gets ACK 2 without a check ([`Options::wrong_passwords_per_minute`]); an account that has logged in from the address before has its own limit |
//! | too many logins wait for the accounts | - | ACK 2 for each further login; the client may try again |
//! | a login packet after a successful login, or any other packet before it | - | ACK 1 |
//! | a sender's name that is not the client's own | never tied to the session | ACK 1, and the packet is not relayed |
//! | who gets a global message | "all connected clients" and "all other connected users" | all others |
//! | an empty message | - | delivered |
//! | a message of more than 1024 bytes | "automatically rejects" | ACK 1; a message of up to 64 KiB is skipped, a longer one closes the connection |
//! | a request to a client that is not connected | - | ACK 8 |
//! | a request to oneself | - | handled like any other request |
//! | a request that is repeated while it is pending | - | not relayed again |
//! | A asks B while B asks A | - | two requests, each with its own answer |
//! | too many requests are pending | - | ACK 8 |
//! | an answer without a request | - | ignored, because the authors' client exits when it gets ACK 1 |
//! | no answer for 10 minutes, or the client that was asked leaves | - | ACK 8 to the asker |
//! | a port outside 1 to 65535 | - | ACK 1; the request stays pending |
//! | the address 0.0.0.0 or :: | - | the server replaces it with the address that it sees, in IPv4 form if it is an IPv4 address; any other address is relayed unchanged |
//! | an adcode other than 1 and 2, an unknown opcode, a packet that clients send only to each other, a negative length, invalid UTF-8 | "Packet Error" | ACK 1, then the connection is closed |

pub mod client;
mod codec;
mod connections;
mod explain;
mod familiar;
mod frames;
mod logins;
mod options;
mod private_connections;
mod questions;
mod room;

pub use codec::{MAX_MESSAGE_BYTES, MAX_SKIPPED_BYTES};
pub use frames::{ClientFrame, MeetingPoint, PeerFrame, Received, ServerFrame};
pub use options::Options;
pub use questions::{Answer, Question};
pub use room::{MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES, Room};
