//! Reads the documents of a chat protocol into typed data, and the codec that they drive.
//!
//! A protocol is a folder of three things: [`spec`] (what it asks for, as numbered requirements), [`grammar`] (what its packets
//! look like) and [`scenario`]s (who says what, and what must come back). The judge (`conformance`) plays the scenarios; the
//! load generator (`conformance-load`) needs the grammar only. Both use this crate, and neither depends on the other's work.
//!
//! # Floors
//!
//! Each uses only those above it in this table; `tests/floors.rs` of `conformance` checks it.
//!
//! | floor | what |
//! |---|---|
//! | [`text`] | text from elsewhere, escaped for where it is shown |
//! | [`source`] | files as text and as trees of words; mistakes with their place and a remedy |
//! | [`tls`] | TLS towards any server, or only one with a known certificate |
//! | [`grammar`] | wire.kdl, and the codec that it drives |
//! | [`scenario`], [`spec`] | who says what; what is asked for |
//! | [`identity`] | the identity of a client, where names are UUIDs with keys |
//! | [`suite`] | one protocol, whole and linted |
//!
//! # Promises
//!
//! * The codec is the suite's own, made from wire.kdl: it shares no line, and so no misreading, with any server
//!   ([`grammar::Wire`]).
//! * Whatever bytes a target sends, decoding has an answer, and nothing is allocated from a length that it claims
//!   ([`grammar::Wire::decode`]).
//! * Whatever text is in a file, reading it ends soon, and every mistake says where it is and what to write instead
//!   ([`source::Diagnostics`]).
//! * What a scenario means is settled before anything is sent: names are looked up, fragments and repetitions are put in,
//!   values fit their types ([`scenario::read_scenarios`]).
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
