//! What came on one connection, and the thread that reads it.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::run::bell::Bell;

/// A lane that got this much in one case is flooded: no scenario asks for so much, and memory has an end.
pub(crate) const FLOOD: usize = 64 << 20;

/// One `read` takes up to this much.
const CHUNK: usize = 64 << 10;

/// How the target ended its side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order, with FIN.
    Fin,
    /// With RST.
    Reset,
    /// It did not: we stopped reading, because it sent more than 64 MiB in one case.
    Flood,
}

/// Bytes that came together.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// When they were read.
    pub(crate) at: Instant,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Filled by the reader thread, emptied by the interpreter.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    arrived: Mutex<Arrived>,
    paused: Mutex<bool>,
    resumed: Condvar,
}

#[derive(Debug, Default)]
struct Arrived {
    fresh: Vec<Chunk>,
    total: usize,
    end: Option<(Instant, End)>,
}

impl Inbox {
    /// Takes what came since the last call.
    pub(crate) fn take(&self) -> (Vec<Chunk>, Option<(Instant, End)>) {
        let mut arrived = self.arrived.lock();
        (std::mem::take(&mut arrived.fresh), arrived.end)
    }

    /// From now on nothing is taken from the socket.
    pub(crate) fn pause(&self) {
        *self.paused.lock() = true;
    }

    /// The reader goes on.
    pub(crate) fn resume(&self) {
        *self.paused.lock() = false;
        self.resumed.notify_all();
    }

    /// The reader thread: reads until the connection ends or floods.
    pub(crate) fn read_from(&self, stream: &TcpStream, bell: &Bell) {
        let mut buffer = vec![0; CHUNK];
        let end = loop {
            match self.read_once(stream, &mut buffer) {
                Ok(0) => break End::Fin,
                Ok(length) => {
                    let total = self.store(&buffer[..length]);
                    bell.ring();
                    if total >= FLOOD {
                        break End::Flood;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // ECONNRESET, and rarer ends (ETIMEDOUT, EHOSTUNREACH) that are no orderly ones either.
                Err(_) => break End::Reset,
            }
        };
        self.arrived.lock().end = Some((Instant::now(), end));
        bell.ring();
    }

    /// One `read`, unless the lane is paused.
    ///
    /// The thread sleeps in `peek`, which takes nothing out of the socket. The `read` behind it finds bytes or the end
    /// and so does not block, therefore it may hold `paused`: once [`pause`](Inbox::pause) has returned, not one byte
    /// more is taken.
    fn read_once(&self, mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.peek(&mut [0])?;
        let mut paused = self.paused.lock();
        while *paused {
            self.resumed.wait(&mut paused);
        }
        stream.read(buffer)
    }

    fn store(&self, bytes: &[u8]) -> usize {
        let mut arrived = self.arrived.lock();
        arrived.total += bytes.len();
        arrived.fresh.push(Chunk {
            at: Instant::now(),
            bytes: bytes.to_vec(),
        });
        arrived.total
    }
}
