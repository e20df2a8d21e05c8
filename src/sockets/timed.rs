//! A socket with one deadline for all its reads and writes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A socket with a deadline that does not move when bytes arrive. So a peer that sends one byte
/// from time to time gets no extra time. The deadline for writes may be later than the deadline for
/// reads, so that the program can still tell a slow peer that it was too slow.
///
/// `read` and `write` block until the deadline at most. `read` returns when bytes or the peer's FIN
/// arrive. `write` returns when the system has copied some of the bytes into the send buffer. An
/// error of the connection ends both calls. After the deadline `read` and `write` fail with
/// `TimedOut`.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    until: Instant,
    write_until: Instant,
}

/// Maximum number of bytes that [`Timed::finish`] reads before the socket is closed. If a socket
/// were closed while it has unread input, the system would reset the connection, and the peer might
/// lose the last answer.
const LINGER_BYTES: usize = 64 << 10;

/// Maximum time for which [`Timed::finish`] reads.
const LINGER: Duration = Duration::from_secs(1);

impl Timed {
    /// Makes a socket whose deadline is `time` from now.
    pub fn new(stream: TcpStream, time: Duration) -> Timed {
        Timed::with_time_to_answer(stream, time, Duration::ZERO)
    }

    /// Makes a socket whose deadline for reads is `time` from now. The deadline for writes is
    /// later: `time` plus `answer` from now.
    pub fn with_time_to_answer(stream: TcpStream, time: Duration, answer: Duration) -> Timed {
        let until = Instant::now() + time;
        Timed {
            stream,
            until,
            write_until: until + answer,
        }
    }

    /// Removes the time limits from the socket, and returns it.
    pub fn into_stream(self) -> io::Result<TcpStream> {
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        Ok(self.stream)
    }

    /// Returns the local address and the peer's address.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.stream.local_addr()?, self.stream.peer_addr()?))
    }

    /// Blocks until the first byte arrives, and returns it. The next `read` returns this byte
    /// again. Returns `None` if the peer sends FIN before any byte.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        let left = left(self.until)?;
        self.stream.set_read_timeout(Some(left))?;
        let mut first = [0];
        let length = self.stream.peek(&mut first).map_err(on_time)?;
        Ok((length > 0).then_some(first[0]))
    }

    /// Sends FIN. Then reads and drops the bytes that the peer still sends, until the peer's FIN
    /// arrives, one second has passed, or 64 KiB were read.
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
/// for the system a timeout of zero means "no timeout".
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
/// This function turns both into the same error, and returns every other error unchanged.
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
