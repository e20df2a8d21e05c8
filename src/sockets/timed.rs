//! A socket with one deadline for everything that is done with it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A socket that gives up at one moment, however many bytes have arrived by then. A peer that sends
/// one byte now and then gains no time.
///
/// `read` and `write` block, for as long as time is left. The peer wakes them with bytes or FIN,
/// the system with an error. After the deadline they fail with `TimedOut`.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    until: Instant,
}

/// Maximum bytes that are read after the last answer. A socket that is closed with unread input is
/// reset, and the reset would destroy that answer.
const LINGER_BYTES: usize = 64 << 10;

/// Time for which they are read.
const LINGER: Duration = Duration::from_secs(1);

impl Timed {
    /// Makes a socket that gives up after this time, counted from now.
    pub fn new(stream: TcpStream, time: Duration) -> Timed {
        Timed {
            stream,
            until: Instant::now() + time,
        }
    }

    /// Returns the socket, without a time limit.
    pub fn into_stream(self) -> io::Result<TcpStream> {
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        Ok(self.stream)
    }

    /// Returns the addresses of both ends, the own one first.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.stream.local_addr()?, self.stream.peer_addr()?))
    }

    /// Blocks until the first byte arrives, and returns it without taking it out. Returns `None`
    /// when the peer ends without one.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        let left = self.left()?;
        self.stream.set_read_timeout(Some(left))?;
        let mut first = [0];
        let length = self.stream.peek(&mut first)?;
        Ok((length > 0).then_some(first[0]))
    }

    /// Sends FIN, and then reads and drops what the peer still sends: until its own FIN, for one
    /// second and 64 KiB at most.
    pub fn finish(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        self.until = self.until.min(Instant::now() + LINGER);
        let mut scrap = [0; 4096];
        let mut read = 0;
        while read < LINGER_BYTES {
            match self.read(&mut scrap) {
                Ok(0) | Err(_) => return,
                Ok(length) => read += length,
            }
        }
    }

    /// The time that is left. A system takes a time-out of zero for none, so zero is an error here.
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(overdue());
        }
        Ok(left)
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.left()?;
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(into).map_err(on_time)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(bytes).map_err(on_time)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Turns both errors that systems use for "the time-out of this socket is over" into one.
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
