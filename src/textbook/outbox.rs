//! The outbox of one client: it sends bytes at once if the socket has space, and otherwise starts a writer thread.
//!
//! This is the subject of step 5; steps 6 and 7 use it unchanged. A thread that has bytes for a client calls
//! [`Outbox::send`], which never blocks:
//!
//! ```text
//! no bytes are queued    -> send without blocking: usually the kernel takes all bytes, and nothing is left to do
//! the socket is full     -> queue the rest, start a writer for this client
//! a writer is at work    -> queue everything: bytes that overtake others would arrive in the middle of a frame
//! the queue is too long  -> the client is too slow: cut it
//! ```
//!
//! **Which thread owns the queued bytes?** While `is_writing` is true, the writer owns them, and no other thread may write
//! to the socket. One mutex guards both the flag and the queue. So it cannot happen that a sender queues bytes for a writer
//! which has just decided to end.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};

/// Maximum number of bytes that wait for one client, including the bytes that its writer is writing.
const LIMIT: usize = 1 << 20;

/// A client's socket, and the bytes that wait to be written to it.
#[derive(Debug)]
pub struct Outbox {
    stream: TcpStream,
    state: Mutex<State>,
    /// Notified when the writer has written everything, and when the client is cut.
    empty: Condvar,
}

/// What the mutex guards. No thread holds the mutex during a call that can block.
#[derive(Debug, Default)]
struct State {
    queued: Vec<u8>,
    /// Bytes that the writer has taken and not yet written.
    in_flight: usize,
    is_writing: bool,
    /// True when the outbox accepts no more bytes: FIN follows the last queued byte.
    is_finishing: bool,
    is_cut: bool,
}

impl Outbox {
    /// Makes the outbox of a client. The socket stays blocking, because its reader blocks in `read`.
    pub fn new(stream: TcpStream) -> Arc<Outbox> {
        // As in step 4: the kernel must not delay a small packet until earlier packets are acknowledged.
        let _ = stream.set_nodelay(true);
        Arc::new(Outbox {
            stream,
            state: Mutex::default(),
            empty: Condvar::new(),
        })
    }

    /// Returns the client's socket, for its reader.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends bytes to the client, after the bytes of earlier calls. Never blocks. If the client is too slow, cuts it.
    pub fn send(self: &Arc<Outbox>, bytes: &[u8]) {
        let mut state = self.state.lock();
        if state.is_cut || state.is_finishing {
            return;
        }
        let mut taken = 0;
        if !state.is_writing {
            match send_now(&self.stream, bytes) {
                Ok(count) => taken = count,
                // The connection is broken. The reader of this client notices this too, and tells the room.
                Err(_) => return self.cut_locked(&mut state),
            }
        }
        let rest = &bytes[taken..];
        if rest.is_empty() {
            return;
        }
        if state.in_flight + state.queued.len() + rest.len() > LIMIT {
            return self.cut_locked(&mut state);
        }
        state.queued.extend_from_slice(rest);
        if !state.is_writing {
            self.start_writer(&mut state);
        }
    }

    fn start_writer(self: &Arc<Outbox>, state: &mut State) {
        let outbox = Arc::clone(self);
        let writer = thread::Builder::new().name("writer".to_owned());
        match writer.spawn(move || outbox.write()) {
            // The new thread first waits for the mutex, which this thread still holds.
            Ok(_) => state.is_writing = true,
            Err(_) => self.cut_locked(state),
        }
    }

    /// Runs a writer thread: writes until no bytes wait for this client any more, and then ends.
    fn write(&self) {
        let mut state = self.state.lock();
        while !state.queued.is_empty() {
            let bytes = std::mem::take(&mut state.queued);
            state.in_flight = bytes.len();
            drop(state);
            // Blocks while the socket is full. This thread wakes up when an ACK opens the peer's window, and when the client
            // is cut. Meanwhile senders can queue more bytes.
            let written = (&self.stream).write_all(&bytes);
            state = self.state.lock();
            state.in_flight = 0;
            if written.is_err() {
                self.cut_locked(&mut state);
            }
        }
        // This thread still holds the mutex. So the next sender will see that no writer is at work, and will send its bytes
        // itself.
        state.is_writing = false;
        if state.is_finishing {
            let _ = self.stream.shutdown(Shutdown::Write);
        }
        self.empty.notify_all();
    }

    /// Closes the server's direction in an orderly way: FIN follows the queued bytes.
    pub fn finish(&self) {
        let mut state = self.state.lock();
        state.is_finishing = true;
        if !state.is_writing {
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }

    /// Closes both directions at once. Queued bytes are lost.
    pub fn cut(&self) {
        self.cut_locked(&mut self.state.lock());
    }

    fn cut_locked(&self, state: &mut State) {
        state.is_cut = true;
        state.queued.clear();
        // Wakes the client's reader in `read` (it returns 0) and its writer in `write` (it returns EPIPE). The descriptor is
        // closed later, when the last owner drops the outbox. If the descriptor were closed now, a new connection could get
        // the same descriptor while this client's reader still uses it.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.empty.notify_all();
    }

    /// Blocks until no bytes wait for the client any more. Returns false if the client was cut.
    ///
    /// After this function has returned true, the caller may write to the socket itself, if no thread calls [`Outbox::send`]
    /// any more.
    pub fn wait_until_empty(&self) -> bool {
        let mut state = self.state.lock();
        while state.is_writing && !state.is_cut {
            // Releases the mutex while it waits, and takes it again before it returns.
            self.empty.wait(&mut state);
        }
        !state.is_cut
    }
}

/// Passes to the kernel as many bytes as fit into the socket now, and returns their number: 0 when the socket is full.
///
/// `MSG_DONTWAIT` makes only this call non-blocking. `set_nonblocking` cannot be used instead: it changes the socket for all
/// threads, so the reader's `read` would fail with EAGAIN.
#[cfg(unix)]
fn send_now(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    use rustix::io::Errno;
    use rustix::net::{SendFlags, send};
    loop {
        match send(stream, bytes, SendFlags::DONTWAIT) {
            Ok(count) => return Ok(count),
            Err(Errno::INTR) => {}
            // EAGAIN: the send buffer is full.
            Err(Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Windows has no flag like `MSG_DONTWAIT`. There this function sends nothing, and writers send everything.
#[cfg(not(unix))]
fn send_now(_: &TcpStream, _: &[u8]) -> io::Result<usize> {
    Ok(0)
}
