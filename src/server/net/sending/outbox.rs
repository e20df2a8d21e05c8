//! The outbox: what waits to be written to one client, and which thread may write it.
//!
//! While nothing waits, the thread that pushes also sends ([`Outbox::push`]), without blocking.
//! What the socket does not accept is queued. From then on the writers send until the queue is
//! empty: if two threads sent at once, their bytes would mix.
//!
//! The system keeps a buffer for each socket, of which the peer's TCP takes bytes at the peer's
//! speed. `send` copies bytes into that buffer. A slow client, a thin link or a client that has
//! stopped reading all look the same: the buffer is full, and a blocking `send` would wait as long
//! as the client wants.
//!
//! No thread blocks on a full socket. The connection waits in [`Writable`](super::writable) until
//! the system says that the socket accepts bytes again. Then a writer sends what it accepts at once
//! ([`Outbox::write`]), and the connection waits again.
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
//! It ends badly in two ways: more than `outbox_bytes` would be queued ([`Pushed::Overflow`]), or
//! the client takes too little in its time ([`Written::Stalled`]). Both are needed. In a busy room
//! the first comes soon; in a quiet one a client that has stopped reading would keep its queue for
//! ever without the second.
//!
//! On a connection with TLS, records are queued instead of bytes. They are sealed and queued under
//! one lock, see `tls`.

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

/// After this many system calls a writer leaves an outbox and serves others. A client that reads as
/// fast as the server writes must not keep a writer for itself.
const CALLS: usize = 16;

/// When a writer is sending just now, it judges the client's pace itself. The clock looks again
/// after this time.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The queue of one client, and who may write to its socket.
///
/// Rules of the lock:
///
/// * It is held for sends that do not block, never for one that may. So the holder of the turn
///   never waits long for it.
/// * A writer releases it while it sends. `sender` says that this thread has the socket; others
///   only append to the queue.
/// * No other lock is taken under it. What needs the clock or the writers is returned as a value
///   ([`Pushed`], [`Written`], [`Finish`]) and done by
///   [`Connection`](crate::net::connection::Connection) afterwards.
/// * `tunnel::join` holds the locks of two tunnel ends while it takes this one.
#[derive(Debug)]
pub(in crate::net) struct Outbox {
    sealed: bool,
    state: Mutex<State>,
    /// Notified when the queue becomes empty and when the outbox ends.
    quiet: Condvar,
    /// Counts what is queued, together with all other outboxes.
    queued: Arc<Queued>,
}

#[derive(Debug)]
struct State {
    /// Seals everything that is sent; `None` on a connection without TLS.
    tls: Option<Tls>,
    queue: Queue,
    sender: Sender,
    /// What the client took lately, while something is queued.
    progress: Progress,
    stage: Stage,
}

/// Which thread may send: one at a time.
///
/// `Pusher -> Waiting` when a push queues the first bytes; `Waiting -> Writer` when a writer comes;
/// from there back to `Waiting` if bytes are left, or to `Pusher` if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// Nothing is queued: the thread that pushes sends.
    Pusher,
    /// Bytes are queued and no thread sends. The connection waits for its socket, or is about to,
    /// or a writer has just been woken for it. In all three cases a call of [`Outbox::write`]
    /// follows, so no thread needs to be told of more bytes.
    Waiting,
    /// A writer sends the beginning of the queue, without the lock.
    Writer,
}

/// How far the outbox is on its way to its end. It never moves up this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Accepts frames.
    Open,
    /// Accepts no more frames. What is queued is still written, then FIN is sent.
    Finishing,
    /// Everything is written and FIN is sent.
    Finished,
    /// Everything is written, and from now on a tunnel writes to the socket itself.
    Retired,
    /// The connection is lost or cut.
    Dead,
}

/// What a push led to. The caller does the rest when it holds no lock.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Pushed {
    /// Sent, queued after other bytes, or dropped because the connection ends.
    Done,
    /// Queued as the first: the connection must be given to the writers, and the client's time
    /// begins.
    NeedsWriter,
    /// More bytes would be queued than may be: the client reads too slowly.
    Overflow {
        /// Bytes that would be queued.
        bytes: usize,
    },
    /// The connection is lost.
    Lost(io::ErrorKind),
}

/// How far an orderly end has come.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Finish {
    /// Everything is written and FIN is sent; or the connection is lost.
    Finished,
    /// The writers have the rest.
    Draining,
    /// A rest is queued: the connection must be given to the writers.
    NeedsWriter,
}

/// What sending the queue led to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Written {
    /// Everything is written.
    All,
    /// Everything is written and FIN is sent.
    Finished,
    /// Bytes are still queued.
    NotAll {
        /// At this time the client counts as stalled, unless it takes more before.
        by: Instant,
        /// The socket accepted something this time.
        taken: bool,
    },
    /// The client took too little. The outbox is dead.
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

    /// Bytes that are queued for this client.
    pub(in crate::net) fn bytes(&self) -> usize {
        self.state.lock().queue.bytes()
    }

    /// True when the connection is inside TLS.
    pub(in crate::net) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Sends the bytes, or queues what the socket does not accept at once. `most` is the maximum of
    /// queued bytes.
    ///
    /// MUST NOT block. MUST NOT send while a writer has the socket. Bytes of two pushes MUST NOT be
    /// mixed or change their order.
    ///
    /// `shared` is the same bytes as a value that many queues can hold. The first outbox that needs
    /// it makes it, so a broadcast that no socket refuses is never copied.
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
                // Sealed for this client alone, so the records cannot be shared with others.
                let records = tls.seal(bytes);
                self.send(&mut state, stream, &records, &mut None, most)
            }
        }
    }

    /// Opens TLS records that arrived, and sends the records that TLS answers by itself (handshake,
    /// key updates, alerts). The last value is true while the handshake goes on.
    ///
    /// MUST NOT block: a client that does not read would make its reader wait here, with the lock
    /// that all senders need.
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

    /// What [`Outbox::push`] promises, under the lock.
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
            // The system call of most messages. It does not block, so the lock may be held.
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
            // The system wakes a writer only when a good part of the socket's buffer is free. The
            // socket may accept bytes before that, and a client that reads must not be cut because
            // of bytes that it has room for.
            if let Err(error) = state.send_queued(stream) {
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
            // A writer will find these bytes when it comes, or when it locks again after its send.
            return Pushed::Done;
        }
        state.sender = Sender::Waiting;
        state.progress.begin(Instant::now());
        Pushed::NeedsWriter
    }

    /// Begins an orderly end: no more frames; what is queued is written, then FIN is sent. Never
    /// blocks.
    ///
    /// TLS adds its close_notify after the last frame. Without it the peer could not tell this end
    /// from a cut connection.
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

    /// Drops what is queued and accepts nothing more. Wakes the threads that wait below.
    pub(in crate::net) fn kill(&self) {
        self.end(&mut self.state.lock(), Stage::Dead);
    }

    /// Waits until everything is written and FIN is sent, or the connection is cut. For the reader
    /// of a connection that ends; it holds no lock.
    ///
    /// Two threads wake it: the one that sends FIN, and the one that cuts. The wait has an end
    /// because the clock cuts a connection whose time for an orderly close is over.
    pub(in crate::net) fn wait_until_finished(&self) {
        let mut state = self.state.lock();
        while !matches!(state.stage, Stage::Finished | Stage::Dead) {
            // Releases the lock while it waits. It is also woken when the queue is empty, so the
            // loop looks again.
            self.quiet.wait(&mut state);
        }
    }

    /// Waits until everything is written. From then on the caller alone writes to the socket.
    /// Returns false when the connection is lost before. For the pump of a tunnel; it holds no
    /// lock.
    ///
    /// Two threads wake it: the one that empties the queue, and the one that cuts. The wait has an
    /// end because the clock cuts a client that does not keep its pace.
    pub(in crate::net) fn retire(&self, stream: &Socket) -> bool {
        let mut state = self.state.lock();
        while state.stage == Stage::Open && state.sender != Sender::Pusher {
            // Releases the lock while it waits. Another push may have come first and filled the
            // queue again.
            self.quiet.wait(&mut state);
        }
        if state.stage == Stage::Open {
            // A tunnel waits for a slow peer instead of giving up. So its writes have no time-out,
            // which writers need where a system cannot send without blocking.
            let _ = stream.set_write_timeout(None);
            self.end(&mut state, Stage::Retired);
        }
        state.stage == Stage::Retired
    }

    /// Sends what the socket accepts of the queue, on a writer's thread. Does nothing when another
    /// thread has done it.
    ///
    /// Does not block where the system can send without (see [`sys::write_pieces`]), and holds no
    /// lock while it sends: the holder of the turn pushes meanwhile and must not wait for this
    /// thread.
    ///
    /// After [`Written::NotAll`] the connection must be given to the writers again.
    pub(in crate::net) fn write(&self, stream: &Socket) -> Written {
        let mut state = self.state.lock();
        match (state.stage, state.sender) {
            (Stage::Dead, _) => return Written::Lost,
            // The clock or a push has sent the queue meanwhile. If bytes are queued again, the
            // connection was given to the writers again.
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
            // Meanwhile others may have appended to the queue, or killed the outbox and dropped the
            // queue. The front is still the front: only the thread that is `Sender::Writer` removes
            // bytes.
            state = self.state.lock();
            match taken {
                Err(_) => self.end(&mut state, Stage::Dead),
                Ok(_) if state.stage == Stage::Dead => {}
                Ok(taken) => {
                    state.advance(taken);
                    any |= taken > 0;
                    if taken < wanted {
                        break;
                    }
                }
            }
        }
        self.leave(&mut state, stream, any)
    }

    /// Judges the client's pace, on the clock's thread when a deadline has come. MUST NOT block.
    pub(in crate::net) fn look(&self, stream: &Socket) -> Written {
        let mut state = self.state.lock();
        let (now, by) = (Instant::now(), state.progress.deadline());
        match (state.stage, state.sender) {
            (Stage::Dead, _) => return Written::Lost,
            (_, Sender::Pusher) => return Written::All,
            // The client took enough after the deadline was set, and has a later one now.
            (_, _) if now < by => return Written::NotAll { by, taken: false },
            (_, Sender::Writer) => {
                let by = now + LOOK_AGAIN;
                return Written::NotAll { by, taken: false };
            }
            (_, Sender::Waiting) => {}
        }
        // The system wakes a writer only when a good part of the socket's buffer is free. Over a
        // slow link that may take longer than the client's time. So what the client took is
        // measured here: it is what the socket accepts now.
        let before = state.queue.bytes();
        if state.send_queued(stream).is_err() {
            self.end(&mut state, Stage::Dead);
        }
        let taken = state.queue.bytes() < before;
        self.leave(&mut state, stream, taken)
    }

    /// Ends a thread's sending of the queue: decides what comes next for this outbox.
    fn leave(&self, state: &mut State, stream: &Socket, taken: bool) -> Written {
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
            // A pump may wait in `retire`.
            self.quiet.notify_all();
            return Written::All;
        }
        if let Some(stalled) = state.progress.stalled(Instant::now()) {
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
    /// Sends what the socket accepts of the queue at once, under the lock. Only while no writer has
    /// the socket.
    fn send_queued(&mut self, stream: &Socket) -> io::Result<()> {
        while !self.queue.is_empty() {
            let (slices, wanted) = self.queue.front();
            let taken = sys::send_pieces_now(stream, &slices)?;
            self.advance(taken);
            if taken < wanted {
                break;
            }
        }
        Ok(())
    }

    /// The client took this many bytes more.
    fn advance(&mut self, taken: usize) {
        self.progress.took(taken, Instant::now());
        self.queue.advance(taken);
    }
}
