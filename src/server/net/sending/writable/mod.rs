//! Connections that wait until their sockets accept bytes again.
//!
//! A thread that blocks in a write to a full socket can do nothing else, and its client decides how
//! long that lasts. If writers blocked there, as many clients that do not read as there are writers
//! would stop every other slow client. So no thread blocks there. The connections wait together,
//! the writers wait for any of them, and the system says which sockets accept bytes.
//!
//! [`Writable`] is one of three types with the same methods:
//!
//! - `epoll` on Linux: the kernel keeps the list. A wake-up costs the same however many connections
//!   wait, and any number of threads may wait at once.
//! - `poll` on other Unix systems: each wake-up looks at every socket, so the more sockets wait,
//!   the less often it looks.
//! - `blocking` elsewhere: no send without blocking exists. A connection comes to a writer at once,
//!   and the writer blocks for a quarter of a second at most.
//!
//! A connection is in the list once, however often it is added. It leaves the list when it is
//! handed to a writer. That always happens: its socket accepts bytes, or the client is lost, or the
//! server cuts it, and each of these makes the socket ready.

#[cfg(not(unix))]
mod blocking;
#[cfg(target_os = "linux")]
mod epoll;
// Linux does not use it, but its tests run there too.
#[cfg(all(unix, any(test, not(target_os = "linux"))))]
mod poll;

#[cfg(not(unix))]
pub(in crate::net) use blocking::Writable;
#[cfg(target_os = "linux")]
pub(in crate::net) use epoll::Writable;
#[cfg(all(unix, not(target_os = "linux")))]
pub(in crate::net) use poll::Writable;

/// Why a writer was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Woken {
    /// For the connections that it was handed.
    Ready,
    /// The same, and more connections may be ready than one writer takes.
    Crowded,
    /// The writers are stopped, for good.
    Stopped,
}

#[cfg(all(test, unix))]
mod tests;
