//! System calls that the standard library does not offer, each with a fallback for other systems.

use std::io::{self, IoSlice};
use std::net::TcpStream;

/// The type of socket that an outbox writes to. It has a name of its own, because `tests/model`
/// replaces it with another type.
pub(super) type Socket = TcpStream;

/// Sends as many of the bytes as the socket accepts at once. Returns their number, which is 0 when
/// the socket is full. Never blocks.
///
/// `MSG_DONTWAIT` makes this one call non-blocking. The socket itself must stay in blocking mode:
/// the mode of a socket applies to all threads, and the connection's reader must block in `read` on
/// this socket.
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

/// Sends nothing, because this system has no non-blocking send. On such a system, only the writers
/// send.
#[cfg(not(unix))]
pub(super) fn send_now(_: &TcpStream, _: &[u8]) -> io::Result<usize> {
    Ok(0)
}

/// Returns true when the peer of a socket has ended its direction (with FIN), or when the
/// connection is lost. Bytes that the peer sent before may still be unread. Never blocks.
#[cfg(unix)]
pub(super) fn has_ended(stream: &TcpStream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    #[cfg(target_os = "linux")]
    let end = PollFlags::RDHUP;
    // Other Unix systems have no such flag. Without the flag, `poll` reports only errors and the
    // end of both directions.
    #[cfg(not(target_os = "linux"))]
    let end = PollFlags::empty();
    let mut asked = [PollFd::new(stream, end)];
    let now = Timespec::default();
    poll(&mut asked, Some(&now)).is_ok_and(|ready| ready > 0)
}

/// Returns false, because on this system the server cannot find out whether the peer has ended its
/// direction.
#[cfg(not(unix))]
pub(super) fn has_ended(_: &TcpStream) -> bool {
    false
}

/// Raises the maximum number of open files of this process to its hard limit, and returns the
/// maximum that then applies.
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

/// Returns `None`: systems other than Unix have no such limit.
#[cfg(not(unix))]
pub(super) fn raise_open_files() -> Option<u64> {
    None
}

/// Returns how many descriptors this process has open. If the system does not report this, returns
/// an estimate.
pub(super) fn open_descriptors() -> u64 {
    let list = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    // The count is one too large, because it includes the descriptor with which this function reads
    // the list.
    std::fs::read_dir(list).map_or(16, |list| list.count() as u64)
}

/// True when a call failed because this process, or the whole system, has no descriptor left.
#[cfg(unix)]
pub(super) fn is_out_of_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}

/// Returns false: systems other than Unix have no such limit.
#[cfg(not(unix))]
pub(super) fn is_out_of_descriptors(_: &io::Error) -> bool {
    false
}

/// Returns the maximum number of threads that this process may start: the smallest of the limits of
/// the system, of the user and of the process's control groups. Returns `None` if the system does
/// not report its limits.
#[cfg(target_os = "linux")]
pub(super) fn threads() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    // A thread has a stack and a signal stack, each with a guard page. That makes four memory
    // mappings. A sixteenth of the allowed mappings (some thousands) is reserved for the heap and
    // libraries.
    let mappings = number("/proc/sys/vm/max_map_count").map(|count| (count - count / 16) / 4);
    [
        mappings,
        number("/proc/sys/kernel/threads-max").map(|count| count / 2),
        number("/proc/sys/kernel/pid_max").map(|count| count / 2),
        getrlimit(Resource::Nproc).current,
        control_group_threads(),
    ]
    .into_iter()
    .flatten()
    .min()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn threads() -> Option<u64> {
    None
}

/// Returns how many more threads the process may start: the smallest of the numbers that its
/// control group and the parent groups allow.
#[cfg(target_os = "linux")]
fn control_group_threads() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    // A line is `0::/user.slice/...` in version 2 of control groups, and `5:pids:/user.slice/...`
    // in version 1.
    let paths = groups.lines().filter_map(|line| {
        let (_, line) = line.split_once(':')?;
        let (controllers, path) = line.split_once(':')?;
        let root = match controllers {
            "" => "/sys/fs/cgroup",
            _ if controllers.split(',').any(|name| name == "pids") => "/sys/fs/cgroup/pids",
            _ => return None,
        };
        Some((root, path.trim_matches('/').to_owned()))
    });
    let left = |directory: &std::path::Path| {
        // The file contains a number, or "max" when there is no limit. For "max" `number` returns
        // `None`.
        let most = number(directory.join("pids.max"))?;
        Some(most.saturating_sub(number(directory.join("pids.current")).unwrap_or(0)))
    };
    paths
        .flat_map(|(root, path)| {
            let root = std::path::Path::new(root);
            let own = root.join(&path);
            let all: Vec<_> = own
                .ancestors()
                .take_while(|at| at.starts_with(root))
                .map(left)
                .collect();
            all
        })
        .flatten()
        .min()
}

#[cfg(target_os = "linux")]
fn number(path: impl AsRef<std::path::Path>) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Returns true if this process may use this many more bytes of address space. Reads the size of
/// the process only when the process has such a limit (`ulimit -v`).
#[cfg(target_os = "linux")]
pub(super) fn has_address_space(bytes: u64) -> bool {
    use rustix::process::{Resource, getrlimit};
    let Some(limit) = getrlimit(Resource::As).current else {
        return true;
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kilobytes = size.and_then(|size| size.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.is_none_or(|used| used * 1024 + bytes <= limit)
}

/// Returns true, because on these systems the server does not check the limit.
#[cfg(not(target_os = "linux"))]
pub(super) fn has_address_space(_: u64) -> bool {
    true
}

/// A pipe in the kernel that moves bytes from one socket to another. The bytes are never copied
/// into this process.
#[cfg(target_os = "linux")]
pub(super) struct Splice {
    out: std::os::fd::OwnedFd,
    into: std::os::fd::OwnedFd,
    size: usize,
}

#[cfg(target_os = "linux")]
impl Splice {
    /// Makes a pipe of `wanted` bytes, or a smaller pipe when the system does not grant as many.
    /// Returns `None` when the system grants fewer than `least` bytes, or when no descriptor is
    /// left.
    pub(super) fn new(wanted: usize, least: usize) -> Option<Splice> {
        use rustix::pipe::{PipeFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with};
        let (out, into) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        let size = fcntl_setpipe_size(&into, wanted)
            .or_else(|_| fcntl_getpipe_size(&into))
            .ok()?;
        (size >= least).then_some(Splice { out, into, size })
    }

    /// Returns the size of the pipe in bytes.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Moves the bytes that `from` has received to `to`, and returns their number. Blocks until the
    /// peer of `from` sends bytes or FIN, and then until `to` has accepted all these bytes. When
    /// another thread shuts down the socket for which this thread waits, the wait ends. Returns 0
    /// at EOF.
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

/// On systems other than Linux, the server makes no such pipe, so tunnels copy their bytes.
#[cfg(not(target_os = "linux"))]
pub(super) struct Splice;

#[cfg(not(target_os = "linux"))]
impl Splice {
    pub(super) fn new(_: usize, _: usize) -> Option<Splice> {
        None
    }

    pub(super) fn forward(&self, _: &TcpStream, _: &TcpStream) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Sends as much of these pieces as the socket accepts at once, like [`send_now`]. Never blocks.
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

/// Sends nothing, like [`send_now`] on this system.
#[cfg(not(unix))]
pub(super) fn send_pieces_now(_: &TcpStream, _: &[IoSlice<'_>]) -> io::Result<usize> {
    Ok(0)
}

/// True if the system has a non-blocking send. Then the clock's thread can find out whether a
/// client has taken bytes. On other systems only a writer can find out, because a send may block
/// there, and only writers may block in a send.
pub(super) const SENDS_WITHOUT_BLOCKING: bool = cfg!(unix);

/// Writes pieces on a writer's thread. Returns how many bytes the socket accepted, which is 0 when
/// the socket is full. Does not block on Unix.
#[cfg(unix)]
pub(super) fn write_pieces(stream: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    send_pieces_now(stream, pieces)
}

/// On systems other than Unix, a write blocks for at most this time. After that the writer serves
/// other clients.
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
