//! Connections that wait until their sockets accept bytes again.
//!
//! A thread that blocks in a write to a full socket can do nothing else, and its client decides how
//! long the thread is blocked. If writers did this, a few clients that do not read could block all
//! writers. Then no slow client would get its bytes. So writers block in [`Writable::wait`]
//! instead, and wait there for the sockets of all slow clients together. The system reports which
//! sockets accept bytes.
//!
//! [`Writable`] is one of three types with the same methods:
//!
//! - `epoll` on Linux: the kernel keeps the list. The cost of a wake-up does not depend on how many
//!   connections wait. Any number of threads may wait at the same time.
//! - `poll` on other Unix systems: each call of `poll` looks at every socket. To save CPU time, the
//!   thread pauses before each call; the more sockets wait, the longer the pause.
//! - `blocking` on systems without a non-blocking send. A connection is given to a writer at once,
//!   and the writer blocks in its send for at most a quarter of a second.
//!
//! A connection is on the list at most once, even if it is added again. It leaves the list when it
//! is handed to a writer. Sooner or later every connection leaves the list: its socket accepts
//! bytes, or the connection is lost, or the server cuts it. In each of these cases the system
//! reports the socket as ready.

#[cfg(not(unix))]
mod blocking;
#[cfg(target_os = "linux")]
mod epoll;
// The server does not use `poll.rs` on Linux, but the tests of `poll.rs` run on Linux too.
#[cfg(all(unix, any(test, not(target_os = "linux"))))]
mod poll;

#[cfg(not(unix))]
pub(in crate::net) use blocking::Writable;
#[cfg(target_os = "linux")]
pub(in crate::net) use epoll::Writable;
#[cfg(all(unix, not(target_os = "linux")))]
pub(in crate::net) use poll::Writable;

/// Why [`Writable::wait`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Woken {
    /// Connections are ready, and `wait` has handed them to this writer.
    Ready,
    /// `wait` has handed the maximum number of connections to this writer, and more may be ready.
    Crowded,
    /// The writers must end.
    Stopped,
}

#[cfg(all(test, unix))]
mod tests;
