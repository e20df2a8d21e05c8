//! A socket with one deadline for everything that is done with it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A socket that gives up at one moment, however many bytes have come by then: a peer that drips one now and then gains
/// nothing.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    until: Instant,
}

/// What a peer may still send behind its answer before it is cut; read so that no reset destroys the answer.
const LINGER_BYTES: usize = 64 << 10;
const LINGER: Duration = Duration::from_secs(1);

impl Timed {
    /// A socket that gives up after this time, counted from now.
    pub fn new(stream: TcpStream, time: Duration) -> Timed {
        Timed {
            stream,
            until: Instant::now() + time,
        }
    }

    /// The socket, without a time limit.
    pub fn into_stream(self) -> io::Result<TcpStream> {
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        Ok(self.stream)
    }

    /// Both ends.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.stream.local_addr()?, self.stream.peer_addr()?))
    }

    /// The first byte, left where it is; `None` when the peer says nothing.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        let left = self.left()?;
        self.stream.set_read_timeout(Some(left))?;
        let mut first = [0];
        let length = self.stream.peek(&mut first)?;
        Ok((length > 0).then_some(first[0]))
    }

    /// Says that nothing will follow, and waits a moment for the peer to do the same.
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

/// Systems do not agree on how they say that a socket's time is over.
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
