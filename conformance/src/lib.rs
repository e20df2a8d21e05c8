//! Judges anybody's server against a chat protocol that is written down as data.
//!
//! A protocol is a folder of three things: [`spec`] (what it asks for, as numbered requirements), [`grammar`] (what its packets
//! look like) and [`scenario`]s (who says what, and what must come back). `GUIDE.md` explains every word of the format.
//!
//! # Floors
//!
//! Each uses only those above it in this table; `tests/floors.rs` checks it.
//!
//! | floor | what |
//! |---|---|
//! | crate `conformance-suite`: [`text`], [`source`], [`grammar`], [`scenario`], [`spec`], [`suite`] | a protocol's documents as typed data, and the codec that they drive |
//! | crate `conformance-load`: [`load`] | many clients at once: the same promises, and what they cost |
//! | [`spawn`] | a target that we start ourselves: its processes, its output |
//! | [`profile`] | what is known about one target |
//! | [`evidence`] | what a play of a case leaves behind, as data |
//! | [`explain`] | failures and conversations in words and in bytes |
//! | [`judge`] | from what cases left behind to verdicts |
//! | `play` | one case: its lanes, its steps, what they expect |
//! | [`run`] | which cases are played, when and beside which others |
//! | [`diagnosis`] | which known mistakes explain what failed |
//! | [`tap`] | a proxy that listens between somebody's client and server |
//! | [`matrix`] | several runs side by side |
//! | [`report`] | what was found out, for people and for programs |
//! | [`cli`] | the command line |
//!
//! `play` is private: a run is started with [`run::run_suite`], which answers with a [`run::Report`].

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
