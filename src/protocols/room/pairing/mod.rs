//! How two clients agree on a private connection.
//!
//! First one client asks the other. [`Requests`] knows which client waits for which client's answer; where a protocol
//! allows several requests between the same two, a [`Topic`] distinguishes them. In protocols that give both an id when
//! they agree, [`Rendezvous`] knows which ids are alive and which end waits for the other. Requests and ids end after a
//! time limit and when one of their clients leaves. Both are limited per client.

mod rendezvous;
mod requests;

pub use rendezvous::{Agreement, Arrival, Ended, NotOpened, Rendezvous, RendezvousLimits};
pub use requests::{NotAsked, Request, RequestLimits, Requests, Topic};
