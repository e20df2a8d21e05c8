//! The documents of a chat protocol as typed data, and the codec that they drive.
//!
//! A protocol is a folder with three things: [`spec`] (its numbered requirements), [`grammar`] (the layout of its
//! packets) and [`scenario`]s (what each client sends, and what the server must answer). The judge (`conformance`)
//! plays the scenarios. The load generator (`conformance-load`) needs only the grammar. Both use this crate, and
//! neither depends on the other.
//!
//! # Floors
//!
//! Each floor uses only the floors above it in this table; `tests/floors.rs` of `conformance` checks it.
//!
//! | floor | what |
//! |---|---|
//! | [`text`] | text that the suite did not write, escaped for the place where it is shown |
//! | [`source`] | files as text and as trees of words; mistakes with their place and a remedy |
//! | [`tls`] | TLS to any server, or only to one with a known certificate |
//! | [`grammar`] | wire.kdl, and the codec that it drives |
//! | [`scenario`], [`spec`] | what the clients send and the server must answer; the requirements |
//! | [`identity`] | the identity of a client, where names are UUIDs with keys |
//! | [`suite`] | one protocol, complete and linted |
//!
//! # Promises
//!
//! * The codec is the suite's own, made from wire.kdl. It shares no line, and so no misreading, with any server
//!   ([`grammar::Wire`]).
//! * Decoding has an answer for all bytes that a target can send. It allocates nothing from a length that the target
//!   claims ([`grammar::Wire::decode`]).
//! * Reading ends soon, for any text in a file. Every mistake says where it is and what to write instead
//!   ([`source::Diagnostics`]).
//! * The meaning of a scenario is fixed before anything is sent: names are looked up, fragments and repetitions are
//!   inserted, and values fit their types ([`scenario::read_scenarios`]).
//!
//! Not here: connections to a target, threads, verdicts, reports.

// Bytes of a target and files of other people reach this crate: none of them may end the program.
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
