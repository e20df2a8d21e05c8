//! Chatr Connect.
//!
//! A client sends its UUID and, as a proof, its signature of the UUID (PacketConnect); its public key was registered
//! before, in another way. From then on the server pings the client. A client may ask for another client's address
//! (PacketConnectionRequest). The client that is asked accepts or denies. After an acceptance the server tells each of
//! the two the other's address as it sees it (PacketClientInfo). What the two clients then do does not involve the
//! server.
//!
//! `frames.rs` has the packets as types and `codec.rs` their bytes. `room.rs` says what each packet does, with
//! `private_connections.rs`, `pings.rs` and `connections.rs`. Only the registered keys can answer whether a signature
//! is right ([`Claim`]): the room asks, and handles other events in the meantime. `options.rs` has what an operator can
//! configure. `client.rs` is the client's half, and `explain.rs` takes a frame apart for people.
//!
//! # Where the document leaves something open
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | the order of bytes | - | big-endian; the bytes of a UUID in the order of its text |
//! | the VarInt of a length | "Protocol Buffer VarInt", up to 5 bytes | longer forms of short numbers are read; above 2^31-1 it is none |
//! | how long a packet may be | a String up to 2^31 | 2 KiB before PacketConnected, 64 KiB after it, a deliberate deviation |
//! | what is an "Invalid Packet" | "any other packet" before PacketConnect, PacketConnect twice | also: an unknown opcode, a packet that only the server sends, fields that do not fill the packet exactly, a length of 0, an address that is neither 4 nor 6, bad UTF-8, a bad VarInt |
//! | the kind of signature | "signing the UUID bytes with your private key" | SHA256withRSA (PKCS #1 v1.5), as the same project's registration uses it |
//! | which keys | - | RSA, 2048 to 8192 bits |
//! | which is told first, a bad signature or "Already connected!" | - | the signature is checked first: only a client that proved its identity learns that it is connected |
//! | who is disconnected when a UUID connects twice | "the client" | the new connection; the old one stays |
//! | an unknown UUID | - | "Failed to verify!", after as long a time |
//! | too many signatures wait for their check | the text of a PacketDisconnect is free | "Server busy" |
//! | a key that is replaced | - | closes a connection that was made with the old one: "Failed to verify!" |
//! | when pings are sent | "at least once every 5 seconds (after a PacketPong)" | 4.5 seconds after PacketConnected and after each right PacketPong; never a second one before the answer |
//! | what ends the 15 seconds | "does not receive a packet" | any packet, even a wrong PacketPong; the time counts from the later of it and the ping |
//! | a client that is too slow with its first packet, or with the rest of a packet | - | "Time out" |
//! | a request to a client that is not connected | "you will receive a PacketConnectionDenied" | with the UUID that was asked for, at once |
//! | a request that is never answered, or whose target leaves | - | denied after 10 minutes, or at once |
//! | a request that is repeated while it waits | - | ignored |
//! | too many requests | - | denied |
//! | A asks B while B asks A | - | two requests, each with its own answer |
//! | an answer without a request | - | ignored |
//! | whose UUID is in an answer | "See below", where nothing is | towards the server the asker's, from it the answerer's |
//! | PacketClientInfo to whom, and when | "to both parties" | the other one's UUID and address; the asker gets it after the acceptance |
//! | which address | "public endpoint" | where the server sees the TLS connection come from; IPv4 as IPv4 also when it came in through IPv6 |
//! | the port | an address has none | that of the TLS connection: clients agree on it beforehand |
//! | asking oneself | - | nothing special; where both clients are told, a client that is both is told once |

pub mod client;
mod codec;
mod connections;
mod explain;
mod frames;
mod options;
mod pings;
mod private_connections;
mod questions;
mod room;

pub use codec::{MAX_FIRST_PACKET_BYTES, MAX_PACKET_BYTES};
pub use frames::{Frame, Reason};
pub use options::Options;
pub use questions::{Claim, Verdict};
pub use room::Room;
