//! Code for blocking sockets, which the server and the client share.
//!
//! * [`HostPort`] is an address as people write it, and [`addresses`] finds all addresses of a host.
//! * [`accept_wait`] makes it possible to end an accept loop from another thread. (A thread that is
//!   blocked in `accept` itself cannot be woken by another thread.)
//! * [`Timed`] is a socket with one deadline for all its reads and writes. The timeout that the
//!   system offers (`SO_RCVTIMEO`) is not enough, because it starts again with every read. So a
//!   peer that sends one byte from time to time could block a thread for ever.
//! * [`Tls`] is TLS without a socket: bytes go in, bytes come out. The owner of the value decides
//!   which thread uses it, and when.
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
