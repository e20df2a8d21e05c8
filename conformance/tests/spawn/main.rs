//! Targets that the runner starts. It reports their incidents with the cases that caused them.

mod command;
mod incidents;
mod knowledge;
mod starting;
