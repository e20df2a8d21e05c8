//! A socket that is a buffer of a few bytes, and a peer who takes them out.

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
}

impl Socket {
    /// One that takes so many bytes before its peer reads.
    pub(super) fn of(capacity: usize) -> Socket {
        Socket {
            state: Mutex::new(Buffer {
                capacity,
                bytes: Vec::new(),
                ended: false,
            }),
            changed: Condvar::new(),
        }
    }

    pub(super) fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.state.lock().ended = true;
        self.changed.notify_all();
        Ok(())
    }

    pub(super) fn set_write_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    /// What the peer reads next; nothing behind the end.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        while state.bytes.is_empty() && !state.ended {
            self.changed.wait(&mut state);
        }
        let bytes = std::mem::take(&mut state.bytes);
        self.changed.notify_all();
        (!bytes.is_empty()).then_some(bytes)
    }

    fn take(&self, bytes: &[u8]) -> usize {
        let mut state = self.state.lock();
        assert!(!state.ended, "nothing is written behind the end");
        let taken = (state.capacity - state.bytes.len()).min(bytes.len());
        state.bytes.extend_from_slice(&bytes[..taken]);
        self.changed.notify_all();
        taken
    }

    fn wait_for_space(&self) {
        let mut state = self.state.lock();
        while state.bytes.len() == state.capacity {
            self.changed.wait(&mut state);
        }
    }
}

pub(super) fn send_now(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    Ok(socket.take(bytes))
}

/// Blocks until at least one byte is taken; as the system's, it may take fewer than all.
pub(super) fn write_pieces(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut all = Vec::new();
    slices.iter().for_each(|slice| all.extend_from_slice(slice));
    socket.wait_for_space();
    Ok(socket.take(&all))
}
