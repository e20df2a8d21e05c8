//! The judge: tests any server against a chat protocol that is described as data.
//!
//! A protocol is a folder with three things: [`spec`] (its numbered requirements), [`grammar`] (the layout of its
//! packets) and [`scenario`]s (what each client sends, and what the server must answer). `GUIDE.md` explains every word
//! of the format.
//!
//! # Floors
//!
//! Each floor uses only the floors above it in this table; `tests/floors.rs` checks it.
//!
//! | floor | what |
//! |---|---|
//! | crate `conformance-suite`: [`text`], [`source`], [`grammar`], [`scenario`], [`spec`], [`suite`] | a protocol's documents as typed data, and the codec that they drive |
//! | crate `conformance-load`: [`load`] | many clients at once: the load checks the same promises and measures what they cost |
//! | [`spawn`] | a target that the runner starts itself: its processes, its output |
//! | [`profile`] | what is known about one target |
//! | [`evidence`] | the record of a case that was played, as data |
//! | [`explain`] | failures and conversations in words and in bytes |
//! | [`judge`] | from the records of cases to verdicts |
//! | `play` | one case: its lanes, its steps, what they expect |
//! | [`run`] | which cases are played, when, and beside which others |
//! | [`diagnosis`] | which known mistakes explain the failures |
//! | [`tap`] | a proxy between a client and a server that records what they say |
//! | [`matrix`] | several runs side by side |
//! | [`report`] | the results, for people and for programs |
//! | [`cli`] | the command line |
//!
//! `play` is private: a run is started with [`run::run_suite`], which answers with a [`run::Report`].

// Bytes of a target reach almost every module: none of them may end the program.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod cli;
pub mod diagnosis;
pub mod evidence;
pub mod explain;
pub mod judge;
pub mod matrix;
mod play;
pub mod profile;
pub mod report;
pub mod run;
pub mod spawn;
pub mod tap;

pub use conformance_load as load;
pub use conformance_suite::{grammar, scenario, source, spec, suite, text};
use conformance_suite::{identity, tls};
