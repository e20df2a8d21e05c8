//! What waits to be written to one client.
//!
//! As long as nothing waits, [`Outbox::push`] sends directly and never blocks. What the socket does not take is queued, and
//! from then on the writers own the sending until the queue is empty: two senders would mix their bytes. No thread sits with
//! a full socket: the outbox waits in [`Writable`](super::writable) until the system says that the socket takes bytes again,
//! then a writer sends what it takes at once ([`Outbox::write`]), and the outbox waits again.
//!
//! On a connection with TLS it is records that wait. They are sealed and queued under one lock, see `tls`.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::progress::{Pace, Progress, Stalled};
use super::sync::{Condvar, Mutex};
use super::sys::{self, Socket};
use super::tls::{Opened, Tls};

/// At most this many pieces go into one system call.
const PIECES: usize = 64;

/// After this many system calls a writer leaves an outbox and serves others: a client that reads as fast as it is written to
/// must not keep a writer for itself.
const CALLS: usize = 16;

/// When a writer is just sending, it judges the client's pace itself; the clock looks again after this time.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The queue and who may write.
#[derive(Debug)]
pub(super) struct Outbox {
    sealed: bool,
    state: Mutex<State>,
    /// Notified when the queue is empty and when the outbox ends.
    quiet: Condvar,
}

#[derive(Debug)]
struct State {
    /// What seals whatever is sent; `None` on a plain connection.
    tls: Option<Tls>,
    queue: VecDeque<Arc<[u8]>>,
    /// How much of the first piece is written already.
    written: usize,
    /// How much is queued, less what is written.
    bytes: usize,
    sender: Sender,
    /// What the client took lately, while something is queued.
    progress: Progress,
    stage: Stage,
}

/// Which thread may send: one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// Nothing is queued: the thread that pushes sends.
    Pusher,
    /// Something is queued and no thread sends. The outbox waits until its socket takes bytes again, or a thread is about to
    /// let it wait, or a writer has just been told. In every case a call of [`Outbox::write`] follows: none is needed.
    Waiting,
    /// A writer sends the head of the queue, without the lock.
    Writer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Frames are taken.
    Open,
    /// No more frames; what is queued is still written, then FIN.
    Finishing,
    /// Everything is written and FIN is sent.
    Finished,
    /// Everything is written and a tunnel writes to the socket itself.
    Retired,
    /// The connection is lost or cut.
    Dead,
}

/// What became of a push.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Sent, queued after what waits already, or dropped because the connection ends.
    Done,
    /// Queued: the outbox must be given to the writers, and the client's time begins.
    NeedsWriter,
    /// More waits than may: the client reads too slowly.
    Overflow {
        /// How much waited.
        bytes: usize,
    },
    /// The connection is lost.
    Lost(io::ErrorKind),
}

/// How far an orderly end has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// Everything is written, and FIN is sent; or the connection is lost.
    Finished,
    /// The writers have the rest.
    Draining,
    /// There is a rest: the outbox must be given to the writers.
    NeedsWriter,
}

/// What a writer does next with an outbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Everything is written.
    All,
    /// Everything is written, and FIN is sent.
    Finished,
    /// Something still waits.
    NotAll {
        /// The client has stalled then, unless it takes more before.
        by: Instant,
        /// The socket took something this time.
        taken: bool,
    },
    /// The client took too little, and is served no more.
    Stalled(Stalled),
    /// The connection is lost.
    Lost,
}

impl Outbox {
    pub(super) fn new(now: Instant, tls: Option<Tls>, pace: Pace) -> Outbox {
        Outbox {
            sealed: tls.is_some(),
            state: Mutex::new(State {
                tls,
                queue: VecDeque::new(),
                written: 0,
                bytes: 0,
                sender: Sender::Pusher,
                progress: Progress::new(pace, now),
                stage: Stage::Open,
            }),
            quiet: Condvar::new(),
        }
    }

    /// True when everything on this connection is inside TLS.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Sends the bytes, or queues what the socket does not take at once.
    ///
    /// MUST NOT block, and MUST NOT send while the writers own the outbox. `shared` is the same bytes as a value that many
    /// queues can hold; it is made only when the first of them has to.
    pub(super) fn push(
        &self,
        stream: &Socket,
        bytes: &[u8],
        shared: &mut Option<Arc<[u8]>>,
        most: usize,
    ) -> Pushed {
        let mut state = self.state.lock();
        if state.stage != Stage::Open {
            return Pushed::Done;
        }
        match &mut state.tls {
            None => self.send(&mut state, stream, bytes, shared, most),
            Some(tls) => {
                // Sealed for this client alone.
                let records = tls.seal(bytes);
                self.send(&mut state, stream, &records, &mut None, most)
            }
        }
    }

    /// Opens records that came, and sends what TLS answers by itself. The last value is true while the handshake goes on.
    ///
    /// MUST NOT block: the reader of a client that does not read would wait for it.
    pub(super) fn open(
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

    fn send(
        &self,
        state: &mut State,
        stream: &Socket,
        bytes: &[u8],
        shared: &mut Option<Arc<[u8]>>,
        most: usize,
    ) -> Pushed {
        let mut sent = 0;
        if state.sender == Sender::Pusher {
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
        let mut waiting = state.bytes + bytes.len() - sent;
        if waiting > most && state.sender == Sender::Waiting {
            // The system tells the writers of a socket only when a good part of its buffer is free. It may take bytes already,
            // and a client that reads must not be cut for those.
            if let Err(error) = state.send_queued(stream) {
                self.end(state, Stage::Dead);
                return Pushed::Lost(error.kind());
            }
            waiting = state.bytes + bytes.len();
        }
        if waiting > most {
            self.end(state, Stage::Dead);
            return Pushed::Overflow { bytes: waiting };
        }
        state.bytes = waiting;
        let whole = shared.get_or_insert_with(|| Arc::from(bytes));
        state.queue.push_back(Arc::clone(whole));
        if state.sender != Sender::Pusher {
            return Pushed::Done;
        }
        state.sender = Sender::Waiting;
        state.written = sent;
        state.progress.begin(Instant::now());
        Pushed::NeedsWriter
    }

    /// Takes no more frames. TLS has its last word behind them: without it the peer could not tell the end from a cut.
    pub(super) fn finish(&self, stream: &Socket) -> Finish {
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

    /// Forgets what is queued.
    pub(super) fn kill(&self) {
        self.end(&mut self.state.lock(), Stage::Dead);
    }

    /// Waits until everything is written and FIN is sent, or the connection is cut. Woken by the writer that sends FIN, or by
    /// the thread that cuts; the deadline of an orderly close is the clock's.
    pub(super) fn wait_until_finished(&self) {
        let mut state = self.state.lock();
        while !matches!(state.stage, Stage::Finished | Stage::Dead) {
            self.quiet.wait(&mut state);
        }
    }

    /// Waits until everything is written; from then on the caller alone writes to the socket. False when the connection is
    /// lost before. Woken by the writer that empties the queue, or by the thread that cuts: the clock does so when the client
    /// does not keep its pace, so the wait has an end.
    pub(super) fn retire(&self, stream: &Socket) -> bool {
        let mut state = self.state.lock();
        while state.stage == Stage::Open && state.sender != Sender::Pusher {
            self.quiet.wait(&mut state);
        }
        if state.stage == Stage::Open {
            // A tunnel pushes back instead of giving up: no time-out any more, where writers need one.
            let _ = stream.set_write_timeout(None);
            self.end(&mut state, Stage::Retired);
        }
        state.stage == Stage::Retired
    }

    /// Sends what the socket takes of the queue, for a writer that was told that the socket takes bytes. Does not block where
    /// the system can send without (see [`sys::write_pieces`]), and holds no lock while it sends: the holder of the turn, who
    /// pushes meanwhile, must not wait for this thread.
    ///
    /// After [`Written::NotAll`] the outbox must be given to the writers again. A call that was not needed does nothing.
    pub(super) fn write(&self, stream: &Socket) -> Written {
        let mut state = self.state.lock();
        match (state.stage, state.sender) {
            (Stage::Dead, _) => return Written::Lost,
            // The clock or a push wrote the queue meanwhile; if something waits again, it was given to the writers again.
            (_, Sender::Pusher | Sender::Writer) => return Written::All,
            (_, Sender::Waiting) => state.sender = Sender::Writer,
        }
        let mut any = false;
        for _ in 0..CALLS {
            if state.stage == Stage::Dead || state.queue.is_empty() {
                break;
            }
            let pieces: Vec<_> = state.queue.iter().take(PIECES).cloned().collect();
            let first = state.written;
            drop(state);
            let (slices, wanted) = slices(pieces.iter(), first);
            let taken = sys::write_pieces(stream, &slices);
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

    /// Judges the client's pace, for the clock when a deadline has come. MUST NOT block.
    pub(super) fn look(&self, stream: &Socket) -> Written {
        let mut state = self.state.lock();
        let (now, by) = (Instant::now(), state.progress.deadline());
        match (state.stage, state.sender) {
            (Stage::Dead, _) => return Written::Lost,
            (_, Sender::Pusher) => return Written::All,
            (_, _) if now < by => return Written::NotAll { by, taken: false },
            (_, Sender::Writer) => {
                let by = now + LOOK_AGAIN;
                return Written::NotAll { by, taken: false };
            }
            (_, Sender::Waiting) => {}
        }
        // The system tells the writers of a socket only when a good part of its buffer is free: over a slow link that may take
        // longer than the client has. So what the client took shows in what the socket takes now.
        let before = state.bytes;
        if state.send_queued(stream).is_err() {
            self.end(&mut state, Stage::Dead);
        }
        let taken = state.bytes < before;
        self.leave(&mut state, stream, taken)
    }

    /// Ends a thread's sending of the queue: what becomes of the outbox.
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
        state.queue = VecDeque::new();
        state.written = 0;
        state.bytes = 0;
        self.quiet.notify_all();
    }
}

impl State {
    /// Sends what the socket takes of the queue at once, under the lock: only while no writer sends.
    fn send_queued(&mut self, stream: &Socket) -> io::Result<()> {
        while !self.queue.is_empty() {
            let (slices, wanted) = slices(self.queue.iter().take(PIECES), self.written);
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
        self.bytes = self.bytes.saturating_sub(taken);
        self.written += taken;
        while let Some(first) = self.queue.front() {
            if self.written < first.len() {
                break;
            }
            self.written -= first.len();
            self.queue.pop_front();
        }
    }
}

/// The pieces without what is written of the first, and how long they are in all.
fn slices<'a>(
    pieces: impl Iterator<Item = &'a Arc<[u8]>>,
    first: usize,
) -> (Vec<IoSlice<'a>>, usize) {
    let slices: Vec<_> = pieces
        .enumerate()
        .map(|(at, piece)| IoSlice::new(&piece[if at == 0 { first } else { 0 }..]))
        .collect();
    let length = slices.iter().map(|slice| slice.len()).sum();
    (slices, length)
}
