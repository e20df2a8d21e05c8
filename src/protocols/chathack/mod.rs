//! ChatHack.
//!
//! A client logs in with the password of an account (opcode 1) or, without one, under a login that neither an account
//! nor a client has (2). Then it sends messages to all (3), and asks others for a private connection (4). The client
//! that is asked agrees (5), saying where to connect and with which id, or declines (6); the server relays both.
//! Everything private goes over a direct connection between the two clients, which the server never sees: the client
//! that connects shows the id (9), then both send messages (7) and files (8).
//!
//! `frames.rs` has the packets as types and `codec.rs` their bytes. `room.rs` says what each packet does, with
//! `logins.rs`, `private_connections.rs` and `connections.rs`. `options.rs` has what an operator can configure. Only
//! the accounts can answer some questions ([`Question`]): the room asks, and handles other events in the meantime.
//! `client.rs` is the client's half, and `explain.rs` takes a frame apart for people.
//!
//! # Where the document leaves something open
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | prose and figures differ | - | the figures |
//! | who *sender* and *receiver* are | differs | the sender is the client that sends the packet: in 5 and 6 the one that was asked; the login in ACK 6 is the asker's, in ACK 7 and 8 that of the client that was asked |
//! | a wrong password, or an unknown login with one | ACK 2 | the same answer after the same time |
//! | a right password of a client that is connected | ACK 4 | to the new connection; the old one stays |
//! | a login without password that an account or a client has | ACK 4 | ACK 4 |
//! | a login over 255 bytes, or unreadable on a terminal | - | ACK 2; over 1024 bytes it is not a packet |
//! | a password over 255 bytes | - | wrong; over 1024 bytes it is not a packet |
//! | how often a client may try to log in | - | 5 times on a connection; it is closed after the last answer |
//! | how often may an address try passwords | - | 10 wrong ones a minute, those that are being checked counted, then ACK 2 whatever it tries ([`Options::wrong_passwords_per_minute`]) |
//! | too many logins wait for the accounts | - | ACK 2 for one more; the client may try again |
//! | a login packet after success, another packet before it | - | ACK 1 |
//! | a sender's name that is not the client's own | never tied to the session | ACK 1, and the packet is not relayed |
//! | who gets a global message | "all connected clients" and "all other connected users" | all others |
//! | an empty message | - | delivered |
//! | a message over 1024 bytes | "automatically rejects" | ACK 1; up to 64 KiB it is skipped, a longer one closes the connection |
//! | asking a client that is not connected | - | ACK 8 |
//! | asking oneself | - | nothing special |
//! | asking again while an asking waits | - | not passed on again |
//! | A asks B while B asks A | - | two askings, each with its own answer |
//! | too many askings wait | - | ACK 8 |
//! | agreeing or declining without an asking | - | ignored: the authors' client ends itself at ACK 1 |
//! | no answer for 10 minutes, or the client that was asked leaves | - | ACK 8 to the asker |
//! | a port outside 1 to 65535 | - | ACK 1, the asking waits on |
//! | an address of 0.0.0.0 or :: | - | becomes the address that the server sees, as IPv4 when it is one; any other is relayed as it is |
//! | an adcode other than 1 and 2, an unknown opcode, a packet between clients, a negative length, bad UTF-8 | "Packet Error" | ACK 1, then the connection is closed |

pub mod client;
mod codec;
mod connections;
mod explain;
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
