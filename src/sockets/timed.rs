//! A socket with one deadline for all its reads and writes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A socket with a deadline that does not move when bytes arrive. A peer that sends one byte now
/// and then gets no extra time. After the deadline for reads there may be some time left for writes,
/// so that the peer can be told that it was too slow.
///
/// `read` and `write` block until the deadline at most. Bytes or the peer's FIN wake `read`, free
/// space in the send buffer wakes `write`, and an error of the connection wakes both. After the
/// deadline `read` and `write` fail with `TimedOut`.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    until: Instant,
    write_until: Instant,
}

/// Maximum number of bytes that [`Timed::finish`] reads. If a socket is closed while it has unread
/// input, the system resets the connection, and the reset would destroy the last answer.
const LINGER_BYTES: usize = 64 << 10;

/// Maximum time for which [`Timed::finish`] reads.
const LINGER: Duration = Duration::from_secs(1);

impl Timed {
    /// Makes a socket whose deadline is `time` from now.
    pub fn new(stream: TcpStream, time: Duration) -> Timed {
        Timed::with_time_to_answer(stream, time, Duration::ZERO)
    }

    /// Makes a socket whose deadline for reads is `time` from now. Its deadline for writes is `answer`
    /// later.
    pub fn with_time_to_answer(stream: TcpStream, time: Duration, answer: Duration) -> Timed {
        let until = Instant::now() + time;
        Timed {
            stream,
            until,
            write_until: until + answer,
        }
    }

    /// Returns the socket, without a time limit.
    pub fn into_stream(self) -> io::Result<TcpStream> {
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        Ok(self.stream)
    }

    /// Returns the local address and the peer's address.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.stream.local_addr()?, self.stream.peer_addr()?))
    }

    /// Blocks until the first byte arrives, and returns it. A later `read` returns it again. Returns
    /// `None` if the peer sends FIN before any byte.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        let left = left(self.until)?;
        self.stream.set_read_timeout(Some(left))?;
        let mut first = [0];
        let length = self.stream.peek(&mut first).map_err(on_time)?;
        Ok((length > 0).then_some(first[0]))
    }

    /// Sends FIN. Then reads and drops what the peer still sends, until the peer's FIN arrives, one
    /// second has passed, or 64 KiB were read.
    pub fn finish(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        self.until = self.write_until.min(Instant::now() + LINGER);
        let mut scrap = [0; 4096];
        let mut read = 0;
        while read < LINGER_BYTES {
            match self.read(&mut scrap) {
                Ok(0) | Err(_) => return,
                Ok(length) => read += length,
            }
        }
    }
}

/// Returns the time until the deadline, or an error after the deadline. Never returns zero, because
/// a timeout of zero tells the system that there is no timeout.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(overdue());
    }
    Ok(left)
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = left(self.until)?;
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(into).map_err(on_time)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = left(self.write_until)?;
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(bytes).map_err(on_time)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// When the timeout of a socket has passed, some systems report `WouldBlock` and others `TimedOut`.
/// This returns the same error for both, and every other error unchanged.
fn on_time(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => overdue(),
        _ => error,
    }
}

fn overdue() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "the other side did not answer in time",
    )
}
