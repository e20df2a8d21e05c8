//! Waiting for connections, in a thread that another thread can end.

use std::io;
use std::net::TcpListener;
#[cfg(not(unix))]
use std::net::TcpStream;
use std::time::Duration;

/// Blocks until a connection arrives, or until [`AcceptWake`] is dropped.
///
/// A thread that is blocked in `accept` cannot be woken by another thread. So it blocks in `poll`,
/// which watches two things at once: the listener, and a pipe. Closing the other end of the pipe
/// makes the pipe ready, for ever.
#[cfg(unix)]
#[derive(Debug)]
pub struct AcceptWait(io::PipeReader);

/// Wakes the thread in [`AcceptWait`], for good, when it is dropped. The owner of the thread keeps
/// it.
#[cfg(unix)]
#[derive(Debug)]
pub struct AcceptWake(#[expect(dead_code, reason = "dropping it is the message")] io::PipeWriter);

/// Makes both halves for a listener.
///
/// # Errors
/// When the system has no descriptors left.
#[cfg(unix)]
pub fn accept_wait(listener: &TcpListener) -> io::Result<(AcceptWait, AcceptWake)> {
    // `poll` may report a connection that is gone when `accept` is called. A blocking `accept`
    // would then wait for the next one, and no other thread could wake it.
    listener.set_nonblocking(true)?;
    let (reader, writer) = io::pipe()?;
    Ok((AcceptWait(reader), AcceptWake(writer)))
}

#[cfg(unix)]
impl AcceptWait {
    /// Blocks until a connection can be accepted. Returns false when it is time to stop.
    pub fn connection(&self, listener: &TcpListener) -> io::Result<bool> {
        self.wait(Some(listener), None)
    }

    /// Blocks for some time. Returns false, at once, when it is time to stop.
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
                // A signal woke the thread, so it waits again.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Lets a thread block in `accept` where no `poll` exists. What wakes it is a connection that its
/// owner makes to it.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct AcceptWait(std::sync::Arc<std::sync::atomic::AtomicBool>);

/// Wakes the thread that uses an [`AcceptWait`], for good, when it is dropped. The owner of the
/// thread keeps it.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct AcceptWake {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    address: std::net::SocketAddr,
}

/// Makes both halves for a listener.
///
/// # Errors
/// When the listener has no address.
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
    /// Returns false when it is time to stop, and otherwise at once: here the thread blocks in
    /// `accept`.
    pub fn connection(&self, _: &TcpListener) -> io::Result<bool> {
        Ok(!self.0.load(std::sync::atomic::Ordering::Acquire))
    }

    /// Blocks for some time. Returns false when it is time to stop.
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
