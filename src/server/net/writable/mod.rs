//! Connections that wait until their sockets take bytes again.
//!
//! A thread that blocks in a write to a full socket can do nothing else, and a client decides how long that lasts: as many
//! clients that do not read as there are such threads, and no other slow client is served. So no thread blocks there. The
//! connections wait together, the writers wait for any of them, and the system says which ones take bytes.
//!
//! `Writable` is one of three, each with the same verbs:
//!
//! - `epoll` on Linux: the kernel keeps the list, so a wake-up costs the same however many wait, and any number of threads
//!   may wait at once.
//! - `poll` on other Unix systems: each wake-up looks at every socket, so the looks are spaced out as more sockets wait.
//! - `blocking` elsewhere: there is no send that does not block. A connection comes to a writer at once, and the writer
//!   blocks for a quarter of a second at most.
//!
//! A connection is in there once, however often it is added, and leaves when it is handed to a writer.

#[cfg(not(unix))]
mod blocking;
#[cfg(target_os = "linux")]
mod epoll;
// Linux has no use for it, but its tests run there too.
#[cfg(all(unix, any(test, not(target_os = "linux"))))]
mod poll;

#[cfg(not(unix))]
pub(super) use blocking::Writable;
#[cfg(target_os = "linux")]
pub(super) use epoll::Writable;
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) use poll::Writable;

/// Why a writer was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// For the connections that it was handed.
    Ready,
    /// The same, and more connections may be ready than one writer takes.
    Crowded,
    /// The writers are stopped, for good.
    Stopped,
}

#[cfg(all(test, unix))]
mod tests;
