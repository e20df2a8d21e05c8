//! How two clients agree on a private connection.
//!
//! First, one client asks the other. [`Requests`] contains the requests that have no answer yet. Some protocols allow
//! several requests between the same two clients; a [`Topic`] distinguishes these requests. In some protocols both clients
//! get an id when they agree. [`Rendezvous`] contains the *live* ids. An id is live when two clients have got it and can
//! still use it. For each live id, [`Rendezvous`] knows whether one end already waits for the other end. A request or an id
//! ends after a time limit, or when one of its two clients leaves. Each client can have only a limited number of requests
//! and ids.

mod rendezvous;
mod requests;

pub use rendezvous::{Agreement, Arrival, Ended, NotOpened, Rendezvous, RendezvousLimits};
pub use requests::{NotAsked, Request, RequestLimits, Requests, Topic};
