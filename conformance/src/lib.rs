//! Judges anybody's server against a chat protocol that is written down as data.

pub mod cli;
pub mod grammar;
pub mod report;
pub mod run;
pub mod scenario;
pub mod source;
pub mod spec;
pub mod suite;
