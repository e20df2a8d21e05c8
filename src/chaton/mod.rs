//! Floor 2: Chaton.
//!
//! A client proposes a LOGIN. Once it is accepted it talks to everybody (MESSAGE) or to one (MESSAGE_PRIVATE), and asks
//! others for a private connection (REQUEST_PRIVATE, answered by OK_PRIVATE or KO_PRIVATE). Who agrees gets an id
//! (ID_PRIVATE), with which both open a second connection (LOGIN_PRIVATE); when both are there the server says ESTABLISHED
//! on each and from then on relays every byte: neither ever learns the other's address.
//!
//! # Where the document leaves something open
//!
//! | question | the document | how we read it |
//! |---|---|---|
//! | bytes in a LONG | says 4, as for an INT | 8, as the word says; 4 by option (`long=4`) |
//! | does a sender get its own MESSAGE | "all connected clients" | yes |
//! | a LOGIN that is over 30 bytes, or that nobody could read on a terminal | "cannot take more than 30 bytes" | LOGIN_REFUSED; over 1024 bytes it is not a frame |
//! | a LOGIN after success | "only once with success" | LOGIN_REFUSED, the identity stays |
//! | commands before identification | "only LOGIN can be treated" | ignored; LOGIN_PRIVATE apart |
//! | a sender's name that is not one's own | "must be the login used" | the frame reaches nobody |
//! | KO_PRIVATE or OK_PRIVATE without a request | - | ignored |
//! | a party leaves before the private connection stands | - | the request ends; a requester who is still there gets KO_PRIVATE |
//! | LOGIN_PRIVATE with an id that is not alive | - | the connection is closed |

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

pub mod client;
mod codec;

pub use codec::{ClientFrame, Codec, LongWidth, MAX_MESSAGE_BYTES, ServerFrame};
