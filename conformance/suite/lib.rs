//! The files that describe a chat protocol, as typed data, and a codec that follows them.
//!
//! A protocol is a folder with three things: [`spec`] (its numbered requirements), [`grammar`] (the layout of its packets)
//! and [`scenario`]s (what each client sends, and what the server must answer). The judge (`conformance`) plays the
//! scenarios. The load generator (`conformance-load`) needs only the grammar. Both crates use this crate, and neither of
//! them depends on the other.
//!
//! # Floors
//!
//! The modules are on floors (layers). Each floor uses only the floors above it in this table; a test checks this
//! (`tests/floors.rs` of `conformance`).
//!
//! | floor | what |
//! |---|---|
//! | [`text`] | text that the suite did not write, escaped for the place where it is shown |
//! | [`source`] | files as text and as trees of words; mistakes with their place and a remedy |
//! | [`tls`] | TLS connections to any server, or only to a server with a known certificate |
//! | [`grammar`] | wire.kdl, and the codec that is made from it |
//! | [`scenario`], [`spec`] | what the clients send and the server must answer; the requirements |
//! | [`identity`] | the identities of clients, in protocols where a name is a UUID with a key |
//! | [`suite`] | one protocol, complete and linted |
//!
//! # Promises
//!
//! * The suite has its own codec, made from wire.kdl. It shares no code with any server: if a server used the same code, the
//!   suite could not find the mistakes in it ([`grammar::Wire`]).
//! * Decoding gives a result for all bytes that a target can send. The decoder never uses a length in these bytes to decide
//!   how much memory it allocates ([`grammar::Wire::decode`]).
//! * Reading a file takes little time, whatever the file contains. Every mistake says where it is and what to write instead
//!   ([`source::Diagnostics`]).
//! * The meaning of a scenario is fixed before anything is sent: the reader looks up names, inserts fragments and
//!   repetitions, and checks that values fit their types ([`scenario::read_scenarios`]).
//!
//! This crate does not play scenarios: it opens no lanes, gives no verdicts and writes no reports.

// This crate reads bytes from a target and files from other people. Neither the bytes nor the files may make the program
// panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod grammar;
pub mod identity;
pub mod scenario;
pub mod source;
pub mod spec;
pub mod suite;
pub mod text;
pub mod tls;
