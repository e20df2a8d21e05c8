//! Blocking building blocks that the server and the client share.
//!
//! * [`HostPort`] is an address as people write it, and [`addresses`] finds all addresses of a host.
//! * [`accept_wait`] makes it possible to end an accept loop from another thread. No thread can wake
//!   another thread that is blocked in `accept` itself.
//! * [`Timed`] is a socket with one deadline for all its reads and writes. The timeout of a socket
//!   (`SO_RCVTIMEO`) starts again with every read, so a peer that sends one byte now and then could
//!   block a thread for ever.
//! * [`Tls`] is TLS without a socket: bytes go in, bytes come out. Its owner decides which thread
//!   uses it, and when.
//!
//! Out of scope: protocols, rooms, the terminal, and every decision about limits (how many
//! connections, how long to wait).

mod accept;
mod address;
mod timed;
mod tls;

pub use accept::{AcceptWait, AcceptWake, accept_wait};
pub use address::{AddressMistake, HostPort, addresses};
pub use timed::Timed;
pub use tls::{Opened, Tls};
