//! Private connections that do not go through the server: one client listens, the other connects to it.
//!
//! The [`Doorman`] listens, and lets in whoever shows the pass of a promise. [`refusal`] decides where nothing is connected
//! to, whatever a peer says; [`Ours`] is what we say about ourselves.

mod doorman;
mod knock;
mod ours;
mod theirs;

pub(super) use doorman::{Doorman, Promised};
pub use ours::{DirectOptions, Ports, PortsError};
pub(super) use theirs::{reachable, refusal};
