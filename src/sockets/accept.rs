//! Waits for connections. Another thread can end the wait.

use std::io;
use std::net::TcpListener;
#[cfg(not(unix))]
use std::net::TcpStream;
use std::time::Duration;

/// The waiting half of the pair that [`accept_wait`] makes: a thread blocks here until a connection
/// arrives or [`AcceptWake`] is dropped.
///
/// A thread that is blocked in `accept` cannot be woken by another thread. So the thread blocks in
/// `poll`, which watches two things at the same time: the listener, and the reading end of a pipe.
/// When [`AcceptWake`] is dropped, the writing end of the pipe is closed. From then on, every call
/// of `poll` returns at once.
#[cfg(unix)]
#[derive(Debug)]
pub struct AcceptWait(io::PipeReader);

/// The waking half of the pair, which the owner of the thread keeps. Dropping it wakes the thread
/// that is blocked in [`AcceptWait`]. From then on, the thread never blocks there again.
#[cfg(unix)]
#[derive(Debug)]
pub struct AcceptWake(#[expect(dead_code, reason = "dropping it wakes the thread")] io::PipeWriter);

/// Makes the waiting half and the waking half for a listener. The listener becomes non-blocking.
///
/// # Errors
/// Fails if the system has no file descriptors left.
#[cfg(unix)]
pub fn accept_wait(listener: &TcpListener) -> io::Result<(AcceptWait, AcceptWake)> {
    // The listener must be in non-blocking mode: a connection that `poll` has reported may be gone
    // before `accept` is called. Then a blocking `accept` would wait for another connection, and no
    // other thread could wake this thread.
    listener.set_nonblocking(true)?;
    let (reader, writer) = io::pipe()?;
    Ok((AcceptWait(reader), AcceptWake(writer)))
}

#[cfg(unix)]
impl AcceptWait {
    /// Blocks until a connection can be accepted, and returns true. Returns false as soon as
    /// [`AcceptWake`] is dropped: the thread must end.
    pub fn connection(&self, listener: &TcpListener) -> io::Result<bool> {
        self.wait(Some(listener), None)
    }

    /// Does the same as [`AcceptWait::connection`], but blocks for at most this time. Also returns
    /// true when the time is over; in this case, the next `accept` finds no connection.
    pub fn connection_within(
        &self,
        listener: &TcpListener,
        time: Option<Duration>,
    ) -> io::Result<bool> {
        self.wait(Some(listener), time)
    }

    /// Blocks for this time, and returns true. Returns false as soon as [`AcceptWake`] is dropped.
    pub fn pause(&self, time: Duration) -> io::Result<bool> {
        self.wait(None, Some(time))
    }

    fn wait(&self, listener: Option<&TcpListener>, time: Option<Duration>) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, poll};
        let timeout = time.and_then(|time| time.try_into().ok());
        let mut waits = vec![PollFd::new(&self.0, PollFlags::IN)];
        waits.extend(listener.map(|listener| PollFd::new(listener, PollFlags::IN)));
        loop {
            match poll(&mut waits, timeout.as_ref()) {
                Ok(_) => return Ok(waits[0].revents().is_empty()),
                // A signal has interrupted `poll`, so the thread waits again.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The waiting half, for systems without `poll`. There the thread blocks in `accept`. When
/// [`AcceptWake`] is dropped, it connects to the listener to wake this thread.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct AcceptWait(std::sync::Arc<std::sync::atomic::AtomicBool>);

/// The waking half, which the owner of the thread keeps. Dropping it tells the thread that uses
/// [`AcceptWait`] to end, and wakes this thread.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct AcceptWake {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    address: std::net::SocketAddr,
}

/// Makes the waiting half and the waking half for a listener.
///
/// # Errors
/// Fails if the listener has no address.
#[cfg(not(unix))]
pub fn accept_wait(listener: &TcpListener) -> io::Result<(AcceptWait, AcceptWake)> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let stop = std::sync::Arc::<std::sync::atomic::AtomicBool>::default();
    let wait = AcceptWait(stop.clone());
    Ok((wait, AcceptWake { stop, address }))
}

#[cfg(not(unix))]
impl AcceptWait {
    /// Never blocks, because on this system the thread blocks in `accept` instead. Returns true, or
    /// false if [`AcceptWake`] was dropped: then the thread must end.
    pub fn connection(&self, _: &TcpListener) -> io::Result<bool> {
        Ok(!self.0.load(std::sync::atomic::Ordering::Acquire))
    }

    /// Does the same as [`AcceptWait::connection`]. There is no time limit here: `accept` blocks
    /// until a connection arrives.
    pub fn connection_within(
        &self,
        listener: &TcpListener,
        _: Option<Duration>,
    ) -> io::Result<bool> {
        self.connection(listener)
    }

    /// Blocks for this time, and returns true. Returns false as soon as [`AcceptWake`] is dropped.
    pub fn pause(&self, time: Duration) -> io::Result<bool> {
        std::thread::park_timeout(time);
        Ok(!self.0.load(std::sync::atomic::Ordering::Acquire))
    }
}

#[cfg(not(unix))]
impl Drop for AcceptWake {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Release);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}
