//! How two clients come to a private connection.
//!
//! First one asks the other: [`Requests`] knows who waits for whose answer. When both agree they are given an id, and
//! [`Rendezvous`] knows which ids are alive and which end waits for the other. Both end by themselves after a time, and
//! with their parties; both are bounded per client.

mod rendezvous;
mod requests;

pub use rendezvous::{Agreement, Arrival, Ended, NotOpened, Rendezvous, RendezvousLimits};
pub use requests::{NotAsked, Request, RequestLimits, Requests, Topic};
