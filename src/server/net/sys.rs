//! System calls that the standard library does not offer, each with a fallback for other systems.

use std::io::{self, IoSlice};
use std::net::TcpStream;

/// What an outbox writes to. A name of its own, because `tests/model` puts another type here.
pub(super) type Socket = TcpStream;

/// Sends what the socket accepts at once, and returns how many bytes that was: 0 when it is full.
/// Never blocks.
///
/// `MSG_DONTWAIT` makes this one call non-blocking. The socket itself must stay blocking: that is a
/// property of the open file, shared with the reader that blocks in `read` on it.
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

/// Where no send without blocking exists, nothing is accepted at once, and the writers do all
/// sending.
#[cfg(not(unix))]
pub(super) fn send_now(_: &TcpStream, _: &[u8]) -> io::Result<usize> {
    Ok(0)
}

/// Raises the maximum number of open files of this process to its hard limit, and returns it.
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

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(super) fn raise_open_files() -> Option<u64> {
    None
}

/// Maximum number of processes and threads of this user.
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

/// A pipe in the kernel that moves bytes from one socket to another. They are never copied into
/// this process.
#[cfg(target_os = "linux")]
pub(super) struct Splice {
    out: std::os::fd::OwnedFd,
    into: std::os::fd::OwnedFd,
    size: usize,
}

#[cfg(target_os = "linux")]
impl Splice {
    /// Bytes of the pipe: the size that was fastest when measured. A user without privileges gets
    /// 64 such pipes.
    const WANTED: usize = 1 << 20;

    /// Makes a pipe, a smaller one when the system grants no more; `None` when no descriptors are
    /// left.
    pub(super) fn new() -> Option<Splice> {
        use rustix::pipe::{PipeFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with};
        let (out, into) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        let size = fcntl_setpipe_size(&into, Splice::WANTED)
            .or_else(|_| fcntl_getpipe_size(&into))
            .ok()?;
        Some(Splice { out, into, size })
    }

    /// Moves what can be read now. Blocks until something can be read, and then until all of it is
    /// written. Returns 0 when the reading side has ended.
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

/// Other systems copy the bytes of tunnels.
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

/// Sends of these pieces what the socket accepts at once, as [`send_now`] does. Never blocks.
#[cfg(unix)]
pub(super) fn send_pieces_now(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    use rustix::io::Errno;
    use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
    loop {
        let nothing_else = &mut SendAncillaryBuffer::default();
        match sendmsg(stream, pieces, nothing_else, SendFlags::DONTWAIT) {
            Ok(taken) => return Ok(taken),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Accepts nothing, as [`send_now`] here.
#[cfg(not(unix))]
pub(super) fn send_pieces_now(_: &TcpStream, _: &[IoSlice<'_>]) -> io::Result<usize> {
    Ok(0)
}

/// True where the system can say without blocking that a socket is full. Then the clock can judge a
/// client's pace; elsewhere only the writer that tried can.
pub(super) const SENDS_WITHOUT_BLOCKING: bool = cfg!(unix);

/// Writes pieces on a writer's thread. Returns how many bytes the socket accepted, 0 when it is
/// full. Here it does not block.
#[cfg(unix)]
pub(super) fn write_pieces(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    send_pieces_now(stream, pieces)
}

/// Elsewhere it blocks for at most this long. After that the writer serves other clients.
#[cfg(not(unix))]
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(250);

/// Writes pieces on a writer's thread. Returns how many bytes the socket accepted within
/// [`PATIENCE`].
#[cfg(not(unix))]
pub(super) fn write_pieces(mut stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    use std::io::Write;
    stream.set_write_timeout(Some(PATIENCE))?;
    loop {
        match stream.write_vectored(pieces) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
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
