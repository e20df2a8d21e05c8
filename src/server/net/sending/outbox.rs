//! The outbox: the bytes that wait to be written to one client, and the rule that says which thread
//! may write them.
//!
//! While the queue is empty, the thread that pushes bytes also sends them ([`Outbox::push`]),
//! without blocking. The bytes that the socket does not accept are queued. From then on only the
//! writers send, until the queue is empty: if two threads sent at the same time, their bytes would
//! be mixed up.
//!
//! The system keeps a buffer for each socket. `send` copies bytes into that buffer, and TCP takes
//! them out as fast as the peer receives them. When the buffer is full, the server cannot know the
//! reason: the client may be slow, the network may be slow, or the client may have stopped reading.
//! A blocking `send` would then wait until the client reads, which may be never.
//!
//! No thread blocks on a full socket. Instead the connection is put on the list of
//! [`Writable`](super::writable) until the system reports that the socket accepts bytes again. Then
//! a writer sends as many bytes as the socket accepts at once ([`Outbox::write`]). If bytes are
//! left, the connection is put on the list again.
//!
//! The life of a slow client:
//!
//! ```text
//! push 100 bytes   the socket accepts 100                     nothing waits
//! push 100 bytes   the socket accepts 30; 70 are queued       Pusher -> Waiting, NeedsWriter: the connection waits
//! push 100 bytes   170 are queued                             no system call
//! writer           the socket accepts 120; 50 are queued      Waiting -> Writer -> Waiting, the connection waits again
//! writer           the socket accepts 50                      Writer -> Pusher
//! push 100 bytes   the socket accepts 100                     as at first
//! ```
//!
//! The server cuts a client because of its outbox in two cases. Either more than `outbox_bytes`
//! would be queued ([`Pushed::Overflow`]), or the client takes too few bytes within the time
//! `stall` ([`Written::Stalled`]). Both limits are needed. In a busy room, the queue of a client
//! that has stopped reading soon exceeds the first limit. In a quiet room, such a queue may never
//! reach that limit. Without the second limit, the server would keep the queue of such a client for
//! ever. There is a third limit, which is not in this file. When all outboxes together contain more
//! than `outbox-total` bytes, the server cuts the client with the largest outbox
//! ([`Connection::cut_as_the_largest`](crate::net::connection::Connection::cut_as_the_largest)).
//!
//! On a connection with TLS, records are queued instead of plain bytes. The thread that encrypts a
//! record keeps the lock until the record is queued, so that the records leave in the order of
//! their sequence numbers.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::piece::{Piece, Queued};
use super::progress::{Pace, Progress, Stalled};
use super::queue::Queue;
use crate::net::sync::{Condvar, Mutex};
use crate::net::sys::{self, Socket};
use crate::net::tls::{Opened, Tls};

/// Maximum number of system calls that a writer makes for one outbox before it serves other
/// outboxes. Otherwise a client that reads as fast as the server writes would keep a writer busy
/// for ever.
const CALLS: usize = 16;

/// When the clock's thread checks whether the client takes its bytes fast enough, a writer may be
/// sending. Then the clock's thread leaves the check to the writer, and checks again after this
/// time.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The queue of one client, with the state that says which thread may write to its socket.
///
/// Rules of the lock:
///
/// * A thread may hold the lock during a send that does not block, but not during a send that may
///   block. So the holder of the turn never waits long for the lock.
/// * A writer releases the lock while it sends. Meanwhile `sender` is `Writer`, so other threads
///   only append to the queue.
/// * A thread that holds the lock takes no other lock. Work that needs the clock or the writers is
///   returned as a value ([`Pushed`], [`Written`], [`Finish`]), and
///   [`Connection`](crate::net::connection::Connection) does that work afterwards.
/// * A thread in `tunnel::join` holds the locks of two tunnel ends while it takes this lock.
#[derive(Debug)]
pub(in crate::net) struct Outbox {
    sealed: bool,
    state: Mutex<State>,
    /// Notified when the queue becomes empty and when the outbox ends. Threads in
    /// [`Outbox::wait_until_finished`] and [`Outbox::retire`] wait here.
    quiet: Condvar,
    /// Counts the queued bytes of all outboxes together.
    queued: Arc<Queued>,
}

#[derive(Debug)]
struct State {
    /// Encrypts everything that is sent; `None` on a connection without TLS.
    tls: Option<Tls>,
    queue: Queue,
    sender: Sender,
    /// Counts the bytes that the client has taken recently. It is used only while bytes are queued.
    progress: Progress,
    stage: Stage,
}

/// Which thread may send. Only one thread may send at a time.
///
/// `Pusher -> Waiting`: a push queues the first bytes. `Waiting -> Writer`: a writer begins to
/// send. `Writer -> Waiting`: the writer has stopped, and bytes are left. `Writer -> Pusher`: the
/// writer has sent all bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// Nothing is queued: a thread that pushes bytes also sends them.
    Pusher,
    /// Bytes are queued and no thread sends. The connection is on the list of `Writable`, or will
    /// be put on it, or a writer has just been woken for it. In all three cases a call of
    /// [`Outbox::write`] follows, so a push of more bytes need not wake a writer.
    Waiting,
    /// A writer is sending bytes from the front of the queue. The writer does not hold the lock
    /// meanwhile.
    Writer,
}

/// The stages of an outbox, from open to ended. An outbox moves only to a later stage of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Accepts frames.
    Open,
    /// Accepts no more frames. The queued bytes are still written, then FIN is sent.
    Finishing,
    /// Everything is written and FIN is sent.
    Finished,
    /// Everything is written. From now on the pump of a tunnel (the thread that relays bytes to
    /// this connection) writes to the socket.
    Retired,
    /// The connection is lost or cut.
    Dead,
}

/// The result of a push. The caller does the remaining work after it has released its locks.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Pushed {
    /// The bytes were sent, or queued after other bytes, or dropped because the connection ends.
    Done,
    /// The bytes were queued, and the queue was empty before. The caller must give the connection
    /// to the writers. From now on the client must take the queued bytes fast enough.
    NeedsWriter,
    /// With these bytes, the queue would exceed its maximum: the client reads too slowly. The
    /// outbox is dead.
    Overflow {
        /// The length in bytes that the queue would have.
        bytes: usize,
    },
    /// The connection is lost.
    Lost(io::ErrorKind),
}

/// What remains to be done for an orderly close, as [`Outbox::finish`] returns it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Finish {
    /// Nothing: everything is written and FIN is sent, or the outbox is retired or dead.
    Finished,
    /// Bytes are still queued, and the writers have the connection already.
    Draining,
    /// Bytes are still queued, and the caller must give the connection to the writers.
    NeedsWriter,
}

/// The result of sending queued bytes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Written {
    /// Everything is written.
    All,
    /// Everything is written and FIN is sent.
    Finished,
    /// Bytes are still queued.
    NotAll {
        /// The time at which the clock checks again whether the client has taken enough bytes.
        by: Instant,
        /// True if the socket accepted bytes during this call.
        taken: bool,
    },
    /// The client has taken too few of the queued bytes in its time. The outbox is dead.
    Stalled(Stalled),
    /// The connection is lost.
    Lost,
}

impl Outbox {
    pub(in crate::net) fn new(
        now: Instant,
        tls: Option<Tls>,
        pace: Pace,
        queued: &Arc<Queued>,
    ) -> Outbox {
        Outbox {
            sealed: tls.is_some(),
            state: Mutex::new(State {
                tls,
                queue: Queue::default(),
                sender: Sender::Pusher,
                progress: Progress::new(pace, now),
                stage: Stage::Open,
            }),
            quiet: Condvar::new(),
            queued: Arc::clone(queued),
        }
    }

    /// Returns the number of bytes that are queued for this client.
    pub(in crate::net) fn bytes(&self) -> usize {
        self.state.lock().queue.bytes()
    }

    /// Returns true when the connection uses TLS.
    pub(in crate::net) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Sends the bytes, and queues those that the socket does not accept at once. `most` is the
    /// maximum number of queued bytes.
    ///
    /// MUST NOT block. MUST NOT send while a writer sends. The bytes of two pushes MUST NOT be
    /// mixed and MUST keep their order.
    ///
    /// `shared` can contain a copy of these bytes, which many queues share. The first outbox that
    /// must queue the bytes makes this copy. So a broadcast that all sockets accept at once is
    /// never copied.
    pub(in crate::net) fn push(
        &self,
        stream: &Socket,
        bytes: &[u8],
        shared: &mut Option<Arc<Piece>>,
        most: usize,
    ) -> Pushed {
        let mut state = self.state.lock();
        if state.stage != Stage::Open {
            return Pushed::Done;
        }
        match &mut state.tls {
            None => self.send(&mut state, stream, bytes, shared, most),
            Some(tls) => {
                // These records are encrypted for this client alone, so they cannot be shared with
                // other clients.
                let records = tls.seal(bytes);
                self.send(&mut state, stream, &records, &mut None, most)
            }
        }
    }

    /// Decrypts TLS records that have arrived, and sends the records with which TLS itself answers
    /// (handshake, key updates, alerts). The last value of the result is true until the handshake
    /// is complete.
    ///
    /// MUST NOT block. Otherwise, if the client does not read, the reader's thread would block here
    /// while it holds the lock that all senders need.
    pub(in crate::net) fn open(
        &self,
        stream: &Socket,
        ciphertext: &mut &[u8],
        plaintext: &mut [u8],
        most: usize,
    ) -> (Opened, Pushed, bool) {
        let mut state = self.state.lock();
        let Some(tls) = &mut state.tls else {
            return (Opened::End, Pushed::Done, false);
        };
        let opened = tls.open(ciphertext, plaintext);
        let handshaking = tls.is_handshaking();
        let records = tls.outgoing();
        let pushed = if records.is_empty() || state.stage != Stage::Open {
            Pushed::Done
        } else {
            self.send(&mut state, stream, &records, &mut None, most)
        };
        (opened, pushed, handshaking)
    }

    /// Does the work of [`Outbox::push`], under the lock.
    fn send(
        &self,
        state: &mut State,
        stream: &Socket,
        bytes: &[u8],
        shared: &mut Option<Arc<Piece>>,
        most: usize,
    ) -> Pushed {
        let mut sent = 0;
        if state.sender == Sender::Pusher {
            // Most messages need only this system call. It does not block, so the lock may be held.
            sent = match sys::send_now(stream, bytes) {
                Ok(sent) => sent,
                Err(error) => {
                    self.end(state, Stage::Dead);
                    return Pushed::Lost(error.kind());
                }
            };
            if sent == bytes.len() {
                return Pushed::Done;
            }
        }
        let left = bytes.len() - sent;
        if state.queue.bytes() + left > most && state.sender == Sender::Waiting {
            // The system wakes a writer only when a large part of the socket's buffer is free, but
            // the socket accepts bytes before that. So this thread tries to send first: a client
            // must not be cut while its socket still accepts bytes.
            if let Err(error) = state.send_queued(stream, Instant::now()) {
                self.end(state, Stage::Dead);
                return Pushed::Lost(error.kind());
            }
        }
        let waiting = state.queue.bytes() + left;
        if waiting > most {
            self.end(state, Stage::Dead);
            return Pushed::Overflow { bytes: waiting };
        }
        let whole = shared.get_or_insert_with(|| Piece::new(bytes, &self.queued));
        state.queue.push(Arc::clone(whole), sent);
        if state.sender != Sender::Pusher {
            // A writer will find these bytes when it begins to write, or when it takes the lock
            // again after its send.
            return Pushed::Done;
        }
        state.sender = Sender::Waiting;
        state.progress.begin(Instant::now());
        Pushed::NeedsWriter
    }

    /// Begins an orderly close: no more frames are accepted, the queued bytes are written, and then
    /// FIN is sent. Never blocks.
    ///
    /// TLS adds its close_notify after the last frame. Without close_notify, the peer could not
    /// tell an orderly close from a connection that was cut.
    pub(in crate::net) fn finish(&self, stream: &Socket) -> Finish {
        let mut state = self.state.lock();
        match state.stage {
            Stage::Open => {}
            Stage::Finishing => return Finish::Draining,
            Stage::Finished | Stage::Retired | Stage::Dead => return Finish::Finished,
        }
        let mut pushed = Pushed::Done;
        if let Some(tls) = &mut state.tls {
            let farewell = tls.farewell();
            pushed = self.send(&mut state, stream, &farewell, &mut None, usize::MAX);
        }
        if state.stage == Stage::Dead {
            return Finish::Finished;
        }
        if state.sender != Sender::Pusher {
            // The thread that empties the queue sends FIN: see `leave`.
            state.stage = Stage::Finishing;
            return match pushed {
                Pushed::NeedsWriter => Finish::NeedsWriter,
                _ => Finish::Draining,
            };
        }
        let _ = stream.shutdown(Shutdown::Write);
        self.end(&mut state, Stage::Finished);
        Finish::Finished
    }

    /// Drops the queued bytes and accepts no more bytes. Wakes the threads that are blocked in
    /// [`Outbox::wait_until_finished`] and [`Outbox::retire`].
    pub(in crate::net) fn kill(&self) {
        self.end(&mut self.state.lock(), Stage::Dead);
    }

    /// Blocks until everything is written and FIN is sent, or until the connection is cut. Called
    /// by the reader of a connection that ends; the reader holds no lock.
    ///
    /// The thread that sends FIN wakes the caller, and so does a thread that cuts the connection.
    /// The wait always ends: when the time for the orderly close is over, the clock cuts the
    /// connection.
    pub(in crate::net) fn wait_until_finished(&self) {
        let mut state = self.state.lock();
        while !matches!(state.stage, Stage::Finished | Stage::Dead) {
            // Blocks, and releases the lock while it waits. This thread is also woken when the
            // queue becomes empty, although FIN may not have been sent yet. So the loop tests
            // `stage` again.
            self.quiet.wait(&mut state);
        }
    }

    /// Blocks until everything is written, and then returns true. From then on only the caller
    /// writes to the socket. Returns false if the connection is lost or begins to close before
    /// everything is written. Called by the pump of a tunnel; the pump holds no lock.
    ///
    /// The thread that empties the queue wakes the caller, and so does a thread that cuts the
    /// connection. The wait always ends, because the clock cuts a client that takes the queued
    /// bytes too slowly.
    pub(in crate::net) fn retire(&self, stream: &Socket) -> bool {
        let mut state = self.state.lock();
        while state.stage == Stage::Open && state.sender != Sender::Pusher {
            // Blocks, and releases the lock while it waits. Before this thread has the lock again,
            // another push may have put bytes into the queue. So the loop tests again whether bytes
            // are queued.
            self.quiet.wait(&mut state);
        }
        if state.stage == Stage::Open {
            // On systems without a non-blocking send, the writers set a write time-out on the
            // socket. This time-out is removed, because a write of a tunnel may wait for a slow
            // peer as long as necessary.
            let _ = stream.set_write_timeout(None);
            self.end(&mut state, Stage::Retired);
        }
        state.stage == Stage::Retired
    }

    /// Sends as many queued bytes as the socket accepts. Runs on a writer's thread. Does nothing if
    /// another thread has already sent these bytes.
    ///
    /// Does not block on systems with a non-blocking send (see [`sys::write_pieces`]). Holds no
    /// lock while it sends, because the holder of the turn may push more bytes at the same time and
    /// must not wait for this thread.
    ///
    /// After [`Written::NotAll`] the connection must be given to the writers again.
    pub(in crate::net) fn write(&self, stream: &Socket) -> Written {
        let mut state = self.state.lock();
        match (state.stage, state.sender) {
            (Stage::Dead, _) => return Written::Lost,
            // Another thread was faster: the clock's thread or another writer has sent the queued
            // bytes, or another writer is sending them now. If more bytes are queued later, the
            // connection is given to the writers again.
            (_, Sender::Pusher | Sender::Writer) => return Written::All,
            (_, Sender::Waiting) => state.sender = Sender::Writer,
        }
        let mut any = false;
        for _ in 0..CALLS {
            if state.stage == Stage::Dead || state.queue.is_empty() {
                break;
            }
            let front = state.queue.shared_front();
            drop(state);
            let (slices, wanted) = front.slices();
            let taken = sys::write_pieces(stream, &slices);
            // While the lock was released, other threads may have appended to the queue, or killed
            // the outbox and dropped the queue. If the queue exists, its front is unchanged: while
            // `sender` is `Writer`, only this writer removes bytes.
            state = self.state.lock();
            match taken {
                Err(_) => self.end(&mut state, Stage::Dead),
                Ok(_) if state.stage == Stage::Dead => {}
                Ok(taken) => {
                    state.advance(taken, Instant::now());
                    any |= taken > 0;
                    if taken < wanted {
                        break;
                    }
                }
            }
        }
        self.leave(&mut state, stream, any, Instant::now())
    }

    /// Tests whether the client takes the queued bytes fast enough. Runs on the clock's thread when
    /// a deadline has come. MUST NOT block.
    pub(in crate::net) fn look(&self, stream: &Socket, now: Instant) -> Written {
        let mut state = self.state.lock();
        let by = state.progress.deadline();
        match (state.stage, state.sender) {
            (Stage::Dead, _) => return Written::Lost,
            (_, Sender::Pusher) => return Written::All,
            // The client took enough bytes after this check was planned, so its deadline is later
            // now.
            (_, _) if now < by => return Written::NotAll { by, taken: false },
            (_, Sender::Writer) => {
                let by = now + LOOK_AGAIN;
                return Written::NotAll { by, taken: false };
            }
            (_, Sender::Waiting) => {}
        }
        // The system wakes a writer only when a large part of the socket's buffer is free. On a
        // slow network, that may take longer than the time that the client has. So this thread
        // sends now: the bytes that the socket accepts count as taken by the client.
        let before = state.queue.bytes();
        if state.send_queued(stream, now).is_err() {
            self.end(&mut state, Stage::Dead);
        }
        let taken = state.queue.bytes() < before;
        self.leave(&mut state, stream, taken, now)
    }

    /// Called after a thread has sent from the queue. Decides which thread sends next, sends FIN if
    /// the connection is closing, and finds out whether the client has stalled.
    fn leave(&self, state: &mut State, stream: &Socket, taken: bool, now: Instant) -> Written {
        if state.stage == Stage::Dead {
            return Written::Lost;
        }
        if state.queue.is_empty() {
            state.sender = Sender::Pusher;
            if state.stage == Stage::Finishing {
                let _ = stream.shutdown(Shutdown::Write);
                self.end(state, Stage::Finished);
                return Written::Finished;
            }
            // A pump may be blocked in `retire`. This wakes it.
            self.quiet.notify_all();
            return Written::All;
        }
        if let Some(stalled) = state.progress.stalled(now) {
            self.end(state, Stage::Dead);
            return Written::Stalled(stalled);
        }
        state.sender = Sender::Waiting;
        let by = state.progress.deadline();
        Written::NotAll { by, taken }
    }

    fn end(&self, state: &mut State, stage: Stage) {
        state.stage = stage;
        state.queue = Queue::default();
        self.quiet.notify_all();
    }
}

impl State {
    /// Sends as many queued bytes as the socket accepts at once. The caller holds the lock and
    /// makes sure that no writer is sending.
    fn send_queued(&mut self, stream: &Socket, now: Instant) -> io::Result<()> {
        while !self.queue.is_empty() {
            let (slices, wanted) = self.queue.front();
            let taken = sys::send_pieces_now(stream, &slices)?;
            self.advance(taken, now);
            if taken < wanted {
                break;
            }
        }
        Ok(())
    }

    /// Records that the client has taken `taken` more bytes, and removes them from the queue.
    fn advance(&mut self, taken: usize, now: Instant) {
        self.progress.took(taken, now);
        self.queue.advance(taken);
    }
}
