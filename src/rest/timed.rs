use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// A socket that gives up at one moment, however many bytes have come by then: a peer that drips one now and then gains
/// nothing.
#[derive(Debug)]
pub(super) struct Timed {
    stream: TcpStream,
    until: Instant,
}

/// What a peer may still send behind its answer before it is cut; read so that no reset destroys the answer.
const LINGER_BYTES: usize = 64 << 10;
const LINGER: Duration = Duration::from_secs(1);

impl Timed {
    pub(super) fn new(stream: TcpStream, time: Duration) -> Timed {
        Timed {
            stream,
            until: Instant::now() + time,
        }
    }

    /// The first byte, left where it is; `None` when the peer says nothing.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        let left = self.left()?;
        self.stream.set_read_timeout(Some(left))?;
        let mut first = [0];
        let length = self.stream.peek(&mut first)?;
        Ok((length > 0).then_some(first[0]))
    }

    /// Says that nothing will follow, and waits a moment for the peer to do the same.
    pub(super) fn finish(&mut self) {
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
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

impl Read for Timed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.left()?;
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(into)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        self.stream.set_write_timeout(Some(left))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
