//! How two clients come to a private connection.
//!
//! First one asks the other: [`Requests`] knows who waits for whose answer; where a protocol lets several
//! requests run between the same two, a [`Topic`] tells them apart. Where both are given an id when they agree,
//! [`Rendezvous`] knows which ids are alive and which end waits for the other. Both end by themselves after a time, and
//! with their parties; both are bounded per client.

mod rendezvous;
mod requests;

pub use rendezvous::{Agreement, Arrival, Ended, NotOpened, Rendezvous, RendezvousLimits};
pub use requests::{NotAsked, Request, RequestLimits, Requests, Topic};
