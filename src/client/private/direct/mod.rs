//! Private connections that do not pass through the server: one client listens, the other connects to it.
//!
//! The [`Doorman`] listens, and accepts only the peers that are expected. [`refusal`] decides which addresses of peers this
//! client refuses to connect to. [`DirectOptions`] has the address and the ports for peers.

mod doorman;
mod knock;
mod ours;
mod promises;
mod theirs;

pub(crate) use doorman::{Doorman, Promised};
pub use ours::{DirectOptions, Ports, PortsError};
pub(crate) use theirs::{reachable, refusal};
