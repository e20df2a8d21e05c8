//! Judges anybody's server against a chat protocol that is written down as data.
//!
//! A protocol is a folder of three things: [`spec`] (what it asks for, as numbered requirements), [`grammar`] (what its packets
//! look like) and [`scenario`]s (who says what, and what must come back). `GUIDE.md` explains every word of the format.
//!
//! # Floors
//!
//! Each knows only those above it in this table; `tests/floors.rs` checks it.
//!
//! | floor | what |
//! |---|---|
//! | [`text`] | text from elsewhere, escaped for where it is shown |
//! | [`source`] | files as text and as trees of words; mistakes with their place and a remedy |
//! | [`spawn`] | a target that we start ourselves: its processes, its output |
//! | `tls` | speaking TLS with whoever listens there |
//! | [`grammar`] | wire.kdl, and the codec that it drives |
//! | [`scenario`], [`spec`] | who says what; what is asked for |
//! | `identity` | who a client is, where names are UUIDs with keys |
//! | [`suite`] | one protocol, whole and linted |
//! | [`profile`] | what is known about one target |
//! | [`evidence`] | what a play of a case leaves behind, as data |
//! | [`explain`] | failures and conversations in words and in bytes |
//! | [`judge`] | from what cases left behind to verdicts |
//! | `play` | one case: its lanes, its steps, what they expect |
//! | [`run`] | which cases are played, when and beside which others |
//! | [`load`] | many clients at once: the same promises, and what they cost |
//! | [`diagnosis`] | which known mistakes explain what failed |
//! | [`tap`] | a proxy that listens between somebody's client and server |
//! | [`matrix`] | several runs side by side |
//! | [`report`] | what was found out, for people and for programs |
//! | [`cli`] | the command line |
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

pub mod cli;
pub mod diagnosis;
pub mod evidence;
pub mod explain;
pub mod grammar;
mod identity;
pub mod judge;
pub mod load;
pub mod matrix;
mod play;
pub mod profile;
pub mod report;
pub mod run;
pub mod scenario;
pub mod source;
pub mod spawn;
pub mod spec;
pub mod suite;
pub mod tap;
pub mod text;
mod tls;
