//! The judge: tests any server against a chat protocol that is described as data.
//!
//! A protocol is a folder with three things: [`spec`] (its numbered requirements), [`grammar`] (the layout of its
//! packets) and [`scenario`]s (what each client sends, and what the server must answer). `GUIDE.md` explains every word
//! of the format.
//!
//! # Floors
//!
//! The modules are on floors (layers). Each floor uses only lower floors; `tests/floors.rs` checks this. The table begins
//! with the lowest floor.
//!
//! | floor | what |
//! |---|---|
//! | crate `conformance-suite`: [`text`], [`source`], [`grammar`], [`scenario`], [`spec`], [`suite`] | a protocol's documents as typed data, and the codec that is made from them |
//! | crate `conformance-load`: [`load`] | many clients at the same time: checks that every message arrives, and measures speed and cost |
//! | `sock_diag` | asks the Linux kernel about TCP sockets |
//! | [`spawn`] | starts a target as a child process, and watches its processes and its output |
//! | [`profile`] | files with facts about one target |
//! | [`dissector`] | a protocol as a program with which Wireshark decodes it |
//! | [`evidence`] | what happened in a case that was played, as data |
//! | [`explain`] | describes failures and conversations in sentences and in bytes |
//! | [`judge`] | gives each case its verdict, from the records of all cases |
//! | `play` | plays one case: connects its lanes, takes its steps, and compares the answers with what the case expects |
//! | [`run`] | decides which cases are played, in which order, and which of them at the same time |
//! | [`diagnosis`] | finds the known faults that explain the failures |
//! | [`tap`] | a proxy between a client and a server that records their conversation |
//! | [`matrix`] | compares several runs and computes scores |
//! | [`trace`] | the conversation of one case, divided into frames and fields |
//! | [`report`] | the results, for people and for programs |
//! | [`cli`] | the command line |
//!
//! The module `play` is private. To play cases, callers use [`run::run_suite`], which returns a [`run::Report`].

// Almost every module handles bytes that a target has sent. Whatever these bytes are, the program must not panic.
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
pub mod dissector;
pub mod evidence;
pub mod explain;
pub mod judge;
pub mod matrix;
mod play;
pub mod profile;
pub mod report;
pub mod run;
#[cfg(target_os = "linux")]
mod sock_diag;
pub mod spawn;
pub mod tap;
pub mod trace;

pub use conformance_load as load;
pub use conformance_suite::{grammar, scenario, source, spec, suite, text};
use conformance_suite::{identity, tls};
