//! ChatOS, version 1.0.
//!
//! A client asks for a pseudonym (CR). Then it sends messages to all (SMA) or to one client (SPM). The server answers
//! nearly every packet with an ERROR, whose code says what happened; OK is one of the codes. For a private connection A
//! sends TCPAsk to B, with a password that distinguishes it from other negotiations of the two. B declines with
//! TCPAbort, or opens a second connection and sends TCPAccept on it; A opens one too and sends TCPConnect. When both
//! connections have come, the server sends ERROR OK on each and then relays every byte. Neither client learns the
//! other's address.
//!
//! `frames.rs` has the packets as types and `codec.rs` their bytes. `room.rs` says what each packet does, with
//! `private_connections.rs` and `connections.rs`. `options.rs` has what an operator can configure. `client.rs` and
//! `answers.rs` are the client's half, and `explain.rs` takes a frame apart for people.
//!
//! # Where the document leaves something open
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | who *sender* and *recipient* are in the TCP packets | "sender's pseudonym", "recipient pseudo" | A, which asked, and B, which was asked, whichever of them sends the packet |
//! | which packets belong to one negotiation | a password, without a word on it | those with the same A, B and password; others run at the same time |
//! | the text length | "a signed short" | up to 32,767 bytes; a negative one is no packet |
//! | a pseudonym that is unreadable on a terminal, or over 255 bytes | granted to any client | ERROR 3, a deliberate deviation: empty, control or invisible characters, white space around it |
//! | a CR from a client that has a pseudonym | "ignored" | ignored |
//! | a client without a pseudonym | - | has no right sender name: ERROR 3 |
//! | SMA to whom | "all connected users that's not the sender" | all other clients that have a pseudonym |
//! | the order of a relayed packet and the sender's OK | differs | the relayed packet first; only where both go to the same client can it be seen |
//! | writing to or asking oneself | - | nothing special; where both clients are told, a client that is both is told once |
//! | when a negotiation runs | "a running protocol" | from the relayed TCPAsk until both ends are joined, TCPAbort, a departure, or 10 minutes |
//! | a TCPAsk for a negotiation that runs, or one too many | "TCP In Protocole" | ERROR 5 |
//! | a TCPAsk that is not relayed | "the server send a packet TCPAbort too" | to the asker, after the ERROR, with the same fields |
//! | who may send TCPAbort | "if the recipient pseudo is not the same as assigned" | B alone, on its identified connection; A cannot take its TCPAsk back |
//! | who gets it | "the concerned clients" | A and B; an end that waits is closed |
//! | TCPAbort after the join | - | ERROR 6; the private connection stays |
//! | who gets TCPAccept | "the concerned clients" | A alone: the authors' client answers an unexpected copy with TCPAbort |
//! | TCPAccept without a negotiation | ERROR 6 | ERROR 6, then the connection is closed |
//! | TCPConnect (its lines are lost; recovered from the authors' publication) | - | another recipient than B: ERROR 3; no negotiation: ERROR 6; then TCPAbort with the same fields, on that connection, which is closed |
//! | TCPConnect before TCPAccept | - | waits for it |
//! | a second end of one side | - | ERROR 6, closed; the first stays |
//! | TCPAccept or TCPConnect on an identified connection | "the newly created socket" | ERROR 6, it stays open |
//! | when an end may begin | - | when both are there: each gets exactly one packet, ERROR 1 |
//! | who may be an end | any connection that knows the fields | a connection from the address of the client that it belongs to ([`Options::tunnel_any_address`]); any other is answered as if no negotiation were running, and after many guesses a second late |
//! | a party leaves while a negotiation runs | - | it ends; the other party gets TCPAbort, an end that waits is closed |
//! | no answer for 10 minutes | - | the same, A alone is told |
//! | the end that waits leaves | - | another may come |
//! | an ERROR from a client | - | ignored |
//! | an unknown packet, a negative length, bad UTF-8 | - | that connection is closed |

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
