//! The protocol ChatOS, version 1.0.
//!
//! A client asks for a pseudonym (CR). Then it sends messages to all (SMA) or to one client (SPM). The server answers nearly
//! every packet with the packet ERROR, whose code says what happened. The code can also be OK. For a private connection,
//! client A sends TCPAsk to client B. The packet contains a password, which distinguishes this negotiation from other
//! negotiations between the same two clients. If B declines, it sends TCPAbort. If B accepts, it opens a second connection
//! to the server and sends TCPAccept on it. Then A also opens a second connection and sends TCPConnect on it. When the
//! server has both connections, it sends ERROR OK on each, and then relays every byte between them. Neither client learns
//! the other's address.
//!
//! `frames.rs` defines the packets as types, and `codec.rs` turns them into bytes and back. `room.rs`,
//! `private_connections.rs` and `connections.rs` define what each packet does. `options.rs` contains the options that an
//! operator can set. `client.rs` and `answers.rs` are the client's half, and `explain.rs` splits a packet into its fields,
//! for people who want to see the bytes.
//!
//! # Where the document leaves something open
//!
//! A dash in the second column means that the document says nothing about the question.
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | who *sender* and *recipient* are in the TCP packets | "sender's pseudonym", "recipient pseudo" | the sender is A, which asked; the recipient is B, which was asked; this does not depend on which client sends the packet |
//! | which packets belong to one negotiation | has a password, but does not explain it | packets with the same A, B and password; negotiations with other passwords may run at the same time |
//! | the length of a text | "a signed short" | up to 32,767 bytes; a packet with a negative length is not valid |
//! | a pseudonym of more than 255 bytes, or one that cannot be read on a terminal | accepts every pseudonym | ERROR 3, a deliberate deviation; "cannot be read" means that it is empty, contains control or invisible characters, or begins or ends with white space |
//! | a CR from a client that has a pseudonym | "ignored" | ignored |
//! | SMA, SPM, TCPAsk or TCPAbort from a client without a pseudonym | - | ERROR 3, because no pseudonym in the packet can be its own |
//! | who gets an SMA | "all connected users that's not the sender" | all other clients that have a pseudonym |
//! | the order of a relayed packet and the sender's OK | contradicts itself | the relayed packet comes first; this can be seen only when both go to the same client |
//! | a message or a request to oneself | - | handled like any other; a packet that goes to both clients is sent once |
//! | how long a negotiation runs | "a running protocol" | from the relayed TCPAsk until both ends are joined, a TCPAbort comes, one of the two clients leaves, or 10 minutes have passed |
//! | a TCPAsk for a negotiation that is already running, or above the maximum number of negotiations | "TCP In Protocole" | ERROR 5 |
//! | a TCPAsk that is not relayed | "the server send a packet TCPAbort too" | the asker gets the ERROR, then a TCPAbort with the same fields |
//! | who may send TCPAbort | "if the recipient pseudo is not the same as assigned" | only B, on its identified connection; A cannot withdraw its TCPAsk |
//! | who gets TCPAbort | "the concerned clients" | A and B; an end that waits is closed |
//! | TCPAbort after both ends are joined | - | ERROR 6; the private connection stays open |
//! | who gets TCPAccept | "the concerned clients" | only A, because the authors' client answers an unexpected copy with TCPAbort |
//! | TCPAccept without a negotiation | ERROR 6 | ERROR 6, then the connection is closed |
//! | a wrong TCPConnect | its lines are lost; we recovered them from the authors' publication | ERROR 3 if the recipient is not B, ERROR 6 if there is no negotiation; then TCPAbort with the same fields on that connection, which is closed |
//! | TCPConnect before TCPAccept | - | the end waits for the TCPAccept |
//! | a second end for the same client | - | ERROR 6, then it is closed; the first end stays |
//! | TCPAccept or TCPConnect on an identified connection | "the newly created socket" | ERROR 6; the connection stays open |
//! | when an end may begin to send bytes | - | when both ends have connected; each of them then gets exactly one packet, ERROR 1 |
//! | which connection may be an end | any connection that knows the fields | a connection from the address of its client ([`Options::tunnel_any_address`]); any other connection is answered as if no negotiation were running, and one second late after many wrong tries |
//! | one of the two clients leaves while a negotiation runs | - | the negotiation ends; the other client gets TCPAbort, and an end that waits is closed |
//! | a negotiation that has run for 10 minutes | - | the negotiation ends; only A gets TCPAbort, and an end that waits is closed |
//! | the end that waits leaves | - | another connection may take its place |
//! | an ERROR from a client | - | ignored |
//! | an unknown packet, a negative length, invalid UTF-8 | - | that connection is closed |

mod answers;
pub mod client;
mod codec;
mod connections;
mod explain;
mod frames;
mod options;
mod private_connections;
mod room;

pub use codec::MAX_TEXT_BYTES;
pub use frames::{ErrorCode, Frame, Negotiation};
pub use options::Options;
pub use room::{MAX_PSEUDONYM_BYTES, Room};
