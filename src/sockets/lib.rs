//! Blocking building blocks that the server and the client share.
//!
//! * [`HostPort`] is an address as people write it, and [`addresses`] finds all addresses of a host.
//! * [`accept_wait`] makes an accept loop that another thread can end. A thread that is blocked in
//!   `accept` itself cannot be told anything.
//! * [`Timed`] is a socket with one deadline for everything that is done with it. The time-out of a
//!   socket (`SO_RCVTIMEO`) begins again with every byte, so a peer that sends one byte now and
//!   then would keep a thread for ever.
//! * [`Tls`] is TLS without a socket: bytes go in, bytes come out. Its owner decides which thread
//!   has it, and when.
//!
//! Out of scope: protocols, rooms, the terminal, and every policy (how many connections, how long
//! to wait).

mod accept;
mod address;
mod timed;
mod tls;

pub use accept::{AcceptWait, AcceptWake, accept_wait};
pub use address::{AddressMistake, HostPort, addresses};
pub use timed::Timed;
pub use tls::{Opened, Tls};
