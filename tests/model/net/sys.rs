//! A socket that is a buffer of a few bytes. A peer reads from it, and writers wake up when it has space.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::time::Duration;

use super::sync::{Condvar, Mutex};

#[derive(Debug)]
pub(super) struct Socket {
    state: Mutex<Buffer>,
    changed: Condvar,
}

#[derive(Debug)]
struct Buffer {
    capacity: usize,
    bytes: Vec<u8>,
    ended: bool,
    cut: bool,
    /// True if one writer must be woken, once, as soon as the socket has space or has ended.
    waiting: bool,
    /// True after `stop`. From then on, the writers must end.
    stopped: bool,
}

impl Socket {
    /// Creates a socket with space for `capacity` bytes.
    pub(super) fn of(capacity: usize) -> Socket {
        Socket {
            state: Mutex::new(Buffer {
                capacity,
                bytes: Vec::new(),
                ended: false,
                cut: false,
                waiting: false,
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let mut state = self.state.lock();
        state.ended = true;
        state.cut |= how == Shutdown::Both;
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    pub(super) fn set_write_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    /// Returns the bytes that the peer reads next, or `None` at the end.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        while state.bytes.is_empty() && !state.ended {
            self.changed.wait(&mut state);
        }
        let bytes = std::mem::take(&mut state.bytes);
        self.changed.notify_all();
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Accepts the bytes in two halves. If two threads sent at the same time, their halves would be mixed here, and the test
    /// would fail.
    fn take_in_two_halves(&self, bytes: &[u8]) -> io::Result<usize> {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let taken = self.take(first)?;
        if taken < first.len() {
            return Ok(taken);
        }
        Ok(taken + self.take(second)?)
    }

    fn take(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock();
        assert!(!state.ended || state.cut, "nothing is written after FIN");
        if state.cut {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = (state.capacity - state.bytes.len()).min(bytes.len());
        state.bytes.extend_from_slice(&bytes[..taken]);
        self.changed.notify_all();
        Ok(taken)
    }

    /// Asks that one writer is woken once, as soon as the socket accepts bytes. The server's `Writable::add` does the same.
    pub(super) fn wait_for_writer(&self) {
        self.state.lock().waiting = true;
        self.changed.notify_all();
    }

    /// Blocks until the socket waits for a writer and accepts bytes, as the server's `Writable::wait` does. Returns false
    /// after `stop`.
    pub(super) fn wait_until_writable(&self) -> bool {
        let mut state = self.state.lock();
        loop {
            let takes = state.ended || state.bytes.len() < state.capacity;
            if state.waiting && takes {
                state.waiting = false;
                return true;
            }
            if state.stopped {
                return false;
            }
            self.changed.wait(&mut state);
        }
    }

    pub(super) fn stop(&self) {
        self.state.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Blocks until the socket has space. Only for a socket that has one writer.
    pub(super) fn wait_for_space(&self) {
        let mut state = self.state.lock();
        while state.bytes.len() == state.capacity {
            self.changed.wait(&mut state);
        }
    }
}

pub(super) fn send_now(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    socket.take_in_two_halves(bytes)
}

/// Sends without blocking. Like the system's call, it may take only some of the bytes, or none.
pub(super) fn send_pieces_now(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut all = Vec::new();
    slices.iter().for_each(|slice| all.extend_from_slice(slice));
    socket.take_in_two_halves(&all)
}

pub(super) fn write_pieces(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    send_pieces_now(socket, slices)
}
