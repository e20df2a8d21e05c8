//! The protocol Chatr Connect.
//!
//! A client sends its UUID and, as a proof, its signature of the UUID (PacketConnect). The client's public key must already
//! be registered; the document does not describe how a client registers it. When the client is connected, the server sends
//! it pings. A client may ask for another client's address (PacketConnectionRequest). The client that is asked accepts or
//! denies. If it accepts, the server tells each of the two clients the address from which the other client is connected
//! (PacketClientInfo). The two clients then connect to each other without the server.
//!
//! `frames.rs` defines the packets as types, and `codec.rs` turns them into bytes and back. `room.rs`,
//! `private_connections.rs`, `pings.rs` and `connections.rs` define what each packet does. To check a signature, the room
//! needs the registered keys. So it asks a question ([`Claim`]), and handles other events until the answer arrives.
//! `options.rs` contains the options that an operator can set. `client.rs` is the client's half, and `explain.rs` splits a
//! packet into its fields, for people who want to see the bytes.
//!
//! # Where the document leaves something open
//!
//! A dash in the second column means that the document says nothing about the question.
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | the order of bytes | - | big-endian; the bytes of a UUID in the order of its text |
//! | the VarInt of a length | "Protocol Buffer VarInt", up to 5 bytes | an encoding that is longer than necessary is accepted; a number above 2^31-1 is not valid |
//! | how long a packet may be | a String up to 2^31 | 2 KiB before PacketConnected, 64 KiB after it, a deliberate deviation |
//! | what is an "Invalid Packet" | "any other packet" before PacketConnect, PacketConnect twice | also an unknown opcode, a packet that only the server sends, fields that do not fill the packet exactly, a length of 0, an address whose version is neither 4 nor 6, invalid UTF-8, an invalid VarInt |
//! | the kind of signature | "signing the UUID bytes with your private key" | SHA256withRSA (PKCS #1 v1.5), as in the registration of the same project |
//! | which keys are accepted | - | RSA, 2048 to 8192 bits |
//! | which is checked first, the signature or whether the UUID is already connected | - | the signature: only a client that has proved its identity gets "Already connected!" |
//! | which connection is closed when a UUID connects twice | "the client" | the new connection; the old one stays open |
//! | an unknown UUID | - | "Failed to verify!", after the same time as for a wrong signature |
//! | too many signatures wait to be checked | does not fix the text of a PacketDisconnect | "Server busy" |
//! | the registered key of a connected client is replaced | - | its connection is closed with "Failed to verify!" |
//! | when pings are sent | "at least once every 5 seconds (after a PacketPong)" | 4.5 seconds after PacketConnected and after each right PacketPong; while a ping is unanswered, no other is sent |
//! | what restarts the 15 seconds | "does not receive a packet" | any packet, even a wrong PacketPong; the time is counted from the last packet or the last ping, whichever is later |
//! | a client that is too slow with its first packet, or with the rest of a packet | - | "Time out" |
//! | a request to a client that is not connected | "you will receive a PacketConnectionDenied" | it is sent at once, with the UUID that was asked for |
//! | a request that is never answered, or whose target leaves | - | denied after 10 minutes; denied at once when the target leaves |
//! | a request that is repeated while it is pending | - | ignored |
//! | too many requests | - | denied |
//! | A asks B while B asks A | - | two requests, each with its own answer |
//! | an answer without a request | - | ignored |
//! | whose UUID is in an answer | "See below", but nothing follows | towards the server, the UUID of the client that asked; from the server, the UUID of the client that answered |
//! | who gets PacketClientInfo, and when | "to both parties" | each client gets the UUID and the address of the other client; the asker gets it after PacketConnectionRequestAccept |
//! | which address it contains | "public endpoint" | the address from which the client opened the TLS connection; an IPv4 address is sent as IPv4, even if the server uses an IPv6 socket |
//! | which port the clients use | an address has no port | that of the TLS connection; clients agree on it beforehand |
//! | a request to oneself | - | handled like any other; a packet that goes to both clients is sent once |

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
