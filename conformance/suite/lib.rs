//! The documents of a chat protocol as typed data, and the codec that they drive.
//!
//! A protocol is a folder with three things: [`spec`] (its numbered requirements), [`grammar`] (the layout of its
//! packets) and [`scenario`]s (what each client sends, and what the server must answer). The judge (`conformance`)
//! plays the scenarios. The load generator (`conformance-load`) needs only the grammar. Both crates use this one, and
//! neither of them depends on the other crate.
//!
//! # Floors
//!
//! Each floor uses only the floors above it in this table; a test checks this (`tests/floors.rs` of `conformance`).
//!
//! | floor | what |
//! |---|---|
//! | [`text`] | text that the suite did not write, escaped for the place where it is shown |
//! | [`source`] | files as text and as trees of words; mistakes with their place and a remedy |
//! | [`tls`] | TLS connections to any server, or only to a server with a known certificate |
//! | [`grammar`] | wire.kdl, and the codec that it drives |
//! | [`scenario`], [`spec`] | what the clients send and the server must answer; the requirements |
//! | [`identity`] | the identities of clients, in protocols where a name is a UUID with a key |
//! | [`suite`] | one protocol, complete and linted |
//!
//! # Promises
//!
//! * The suite has its own codec, made from wire.kdl. It shares no code with any server, so no mistake in a server's code
//!   can be hidden by the same mistake here ([`grammar::Wire`]).
//! * Decoding has a result for all bytes that a target can send. A length in these bytes never decides alone how much memory
//!   is allocated ([`grammar::Wire::decode`]).
//! * Reading a file takes little time, whatever the file contains. Every mistake says where it is and what to write instead
//!   ([`source::Diagnostics`]).
//! * The meaning of a scenario is fixed before anything is sent: names are looked up, fragments and repetitions are
//!   inserted, and values fit their types ([`scenario::read_scenarios`]).
//!
//! This crate does not contain connections to a target, threads, verdicts or reports.

// This crate reads bytes of a target and files of other people: no such content may make the program panic.
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
