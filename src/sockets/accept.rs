//! Waiting for connections in a thread that can be told to stop.

use std::io;
use std::net::TcpListener;
#[cfg(not(unix))]
use std::net::TcpStream;
use std::time::Duration;

/// Lets a thread wait for connections and be woken to stop.
///
/// A thread that is blocked in `accept` cannot be told anything, so it waits in `poll` for the listener or for a pipe.
#[cfg(unix)]
#[derive(Debug)]
pub struct AcceptWait(io::PipeReader);

/// Wakes an [`AcceptWait`], for good, when it is dropped.
#[cfg(unix)]
#[derive(Debug)]
pub struct AcceptWake(#[expect(dead_code, reason = "dropping it is the message")] io::PipeWriter);

/// Both halves, for a listener.
#[cfg(unix)]
pub fn accept_wait(listener: &TcpListener) -> io::Result<(AcceptWait, AcceptWake)> {
    // A connection that is gone between poll and accept must not leave the thread blocked in accept.
    listener.set_nonblocking(true)?;
    let (reader, writer) = io::pipe()?;
    Ok((AcceptWait(reader), AcceptWake(writer)))
}

#[cfg(unix)]
impl AcceptWait {
    /// Waits for a connection; false when it is time to stop.
    pub fn connection(&self, listener: &TcpListener) -> io::Result<bool> {
        self.wait(Some(listener), None)
    }

    /// Waits for some time; false when it is time to stop.
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
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Elsewhere the thread blocks in `accept` and is woken by a connection that its owner makes.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct AcceptWait(std::sync::Arc<std::sync::atomic::AtomicBool>);

/// Wakes an [`AcceptWait`], for good, when it is dropped.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct AcceptWake {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    address: std::net::SocketAddr,
}

/// Both halves, for a listener.
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
    /// False when it is time to stop; a connection is then waited for in `accept` itself.
    pub fn connection(&self, _: &TcpListener) -> io::Result<bool> {
        Ok(!self.0.load(std::sync::atomic::Ordering::Acquire))
    }

    /// Waits for some time; false when it is time to stop.
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
