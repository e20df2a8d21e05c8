//! System calls that the standard library does not offer, each with a fallback for other systems.

use std::io::{self, IoSlice};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// What an outbox writes to.
pub(super) type Socket = TcpStream;

/// Sends what the socket takes at once and returns how much that was: 0 when it is full.
///
/// `MSG_DONTWAIT` makes this one call non-blocking. Setting the socket itself to non-blocking would not do: that is a
/// property of the open file, shared with the thread that blocks in `read` on it.
#[cfg(unix)]
pub(super) fn send_now(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    use rustix::io::Errno;
    use rustix::net::{SendFlags, send};
    loop {
        match send(stream, bytes, SendFlags::DONTWAIT) {
            Ok(taken) => return Ok(taken),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Without a non-blocking send nothing is taken at once, and a writer thread does all sending.
#[cfg(not(unix))]
pub(super) fn send_now(_: &TcpStream, _: &[u8]) -> io::Result<usize> {
    Ok(0)
}

/// Raises the number of files that this process may have open to what it is allowed to ask for, and returns it.
#[cfg(unix)]
pub(super) fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// Other systems have no such number.
#[cfg(not(unix))]
pub(super) fn raise_open_files() -> Option<u64> {
    None
}

/// How many processes and threads this user may have.
#[cfg(target_os = "linux")]
pub(super) fn user_processes() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nproc).current
}

/// Elsewhere the number counts processes, not threads.
#[cfg(not(target_os = "linux"))]
pub(super) fn user_processes() -> Option<u64> {
    None
}

/// Lets a thread wait for connections and be woken to stop.
///
/// A thread that is blocked in `accept` cannot be told anything, so it waits in `poll` for the listener or for a pipe.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct AcceptWait(io::PipeReader);

/// Wakes an [`AcceptWait`], for good, when it is dropped.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct AcceptWake(
    #[expect(dead_code, reason = "dropping it is the message")] io::PipeWriter,
);

/// Both halves, for a listener.
#[cfg(unix)]
pub(crate) fn accept_wait(listener: &TcpListener) -> io::Result<(AcceptWait, AcceptWake)> {
    // A connection that is gone between poll and accept must not leave the thread blocked in accept.
    listener.set_nonblocking(true)?;
    let (reader, writer) = io::pipe()?;
    Ok((AcceptWait(reader), AcceptWake(writer)))
}

#[cfg(unix)]
impl AcceptWait {
    /// Waits for a connection; false when it is time to stop.
    pub(crate) fn connection(&self, listener: &TcpListener) -> io::Result<bool> {
        self.wait(Some(listener), None)
    }

    /// Waits for some time; false when it is time to stop.
    pub(crate) fn pause(&self, time: Duration) -> io::Result<bool> {
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
pub(crate) struct AcceptWait(std::sync::Arc<std::sync::atomic::AtomicBool>);

/// Wakes an [`AcceptWait`], for good, when it is dropped.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct AcceptWake {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    address: std::net::SocketAddr,
}

/// Both halves, for a listener.
#[cfg(not(unix))]
pub(crate) fn accept_wait(listener: &TcpListener) -> io::Result<(AcceptWait, AcceptWake)> {
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
    pub(crate) fn connection(&self, _: &TcpListener) -> io::Result<bool> {
        Ok(!self.0.load(std::sync::atomic::Ordering::Acquire))
    }

    /// Waits for some time; false when it is time to stop.
    pub(crate) fn pause(&self, time: Duration) -> io::Result<bool> {
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

/// A pipe in the kernel that moves bytes from one socket to another without copying them into this process.
#[cfg(target_os = "linux")]
pub(super) struct Splice {
    out: std::os::fd::OwnedFd,
    into: std::os::fd::OwnedFd,
    size: usize,
}

#[cfg(target_os = "linux")]
impl Splice {
    /// The size that was measured to be best; a user without privileges gets 64 such pipes.
    const WANTED: usize = 1 << 20;

    /// Makes the pipe, smaller when the system grants no more; `None` when there are no descriptors left.
    pub(super) fn new() -> Option<Splice> {
        use rustix::pipe::{PipeFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with};
        let (out, into) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        let size = fcntl_setpipe_size(&into, Splice::WANTED)
            .or_else(|_| fcntl_getpipe_size(&into))
            .ok()?;
        Some(Splice { out, into, size })
    }

    /// Moves what can be read now, blocking until there is something and until all of it is written. 0 means that the
    /// reading side ended.
    pub(super) fn forward(&self, from: &TcpStream, to: &TcpStream) -> io::Result<usize> {
        let moved = splice_all(from, &self.into, self.size)?;
        let mut left = moved;
        while left > 0 {
            match splice_all(&self.out, to, left)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => left -= written,
            }
        }
        Ok(moved)
    }
}

#[cfg(target_os = "linux")]
fn splice_all(
    from: impl std::os::fd::AsFd,
    to: impl std::os::fd::AsFd,
    size: usize,
) -> io::Result<usize> {
    use rustix::pipe::{SpliceFlags, splice};
    loop {
        match splice(&from, None, &to, None, size, SpliceFlags::MOVE) {
            Ok(moved) => return Ok(moved),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Elsewhere tunnels are copied.
#[cfg(not(target_os = "linux"))]
pub(super) struct Splice;

#[cfg(not(target_os = "linux"))]
impl Splice {
    pub(super) fn new() -> Option<Splice> {
        None
    }

    pub(super) fn forward(&self, _: &TcpStream, _: &TcpStream) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Writes pieces with one blocking call; returns how much was taken within the socket's send time-out, 0 when nothing was.
pub(super) fn write_pieces(mut stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    use std::io::Write;
    loop {
        match stream.write_vectored(pieces) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Unix says WouldBlock, Windows TimedOut.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                return Ok(0);
            }
            other => return other,
        }
    }
}
