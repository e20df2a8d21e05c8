//! What waits to be written to one client.
//!
//! As long as nothing waits, [`Outbox::push`] sends directly and never blocks. What the socket does not take is queued, and
//! from then on a writer thread owns the sending until the queue is empty: two senders would mix their bytes.
//!
//! On a connection with TLS it is records that wait. They are sealed and queued under one lock, see `tls`.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sync::{Condvar, Mutex};
use super::sys::{self, Socket};
use super::tls::{Opened, Tls};

/// At most this many pieces go into one system call.
const PIECES: usize = 64;

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
    /// A writer has this outbox, or will get it: nobody else may send.
    owned_by_writer: bool,
    /// When the client last took something, while something is queued.
    progress: Instant,
    stage: Stage,
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
    /// Sent, queued behind a writer's work, or dropped because the connection ends.
    Done,
    /// Queued: the outbox must be given to a writer.
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
    /// A writer has the rest.
    Draining,
    /// There is a rest: the outbox must be given to a writer.
    NeedsWriter,
}

/// What a writer does next with an outbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Everything is written.
    All,
    /// Everything is written, and FIN is sent.
    Finished,
    /// The client is slow: others first.
    NotAll,
    /// The client took nothing for too long.
    Stalled(Duration),
    /// The connection is lost.
    Lost,
}

impl Outbox {
    pub(super) fn new(now: Instant, tls: Option<Tls>) -> Outbox {
        Outbox {
            sealed: tls.is_some(),
            state: Mutex::new(State {
                tls,
                queue: VecDeque::new(),
                written: 0,
                bytes: 0,
                owned_by_writer: false,
                progress: now,
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
    /// MUST NOT block, and MUST NOT send while a writer owns the outbox. `shared` is the same bytes as a value that many
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
        if !state.owned_by_writer {
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
        let waiting = state.bytes + bytes.len() - sent;
        if waiting > most {
            self.end(state, Stage::Dead);
            return Pushed::Overflow { bytes: waiting };
        }
        state.bytes = waiting;
        let whole = shared.get_or_insert_with(|| Arc::from(bytes));
        state.queue.push_back(Arc::clone(whole));
        if state.owned_by_writer {
            return Pushed::Done;
        }
        state.owned_by_writer = true;
        state.written = sent;
        state.progress = Instant::now();
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
        if state.owned_by_writer {
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

    /// Waits until everything is written and FIN is sent, or the connection is cut.
    pub(super) fn wait_until_finished(&self) {
        let mut state = self.state.lock();
        while !matches!(state.stage, Stage::Finished | Stage::Dead) {
            self.quiet.wait(&mut state);
        }
    }

    /// Waits until everything is written; from then on the caller alone writes to the socket. False when the connection is
    /// lost before.
    pub(super) fn retire(&self, stream: &Socket) -> bool {
        let mut state = self.state.lock();
        while state.stage == Stage::Open && state.owned_by_writer {
            self.quiet.wait(&mut state);
        }
        if state.stage == Stage::Open {
            // A tunnel pushes back instead of giving up: no time-out any more.
            let _ = stream.set_write_timeout(None);
            self.end(&mut state, Stage::Retired);
        }
        state.stage == Stage::Retired
    }

    /// Writes what is queued, for a writer that owns this outbox. Blocks for at most about `patience` for each call of the
    /// system, and gives up the outbox except when it returns [`Written::NotAll`].
    pub(super) fn write(&self, stream: &Socket, patience: Duration, stall: Duration) -> Written {
        if stream.set_write_timeout(Some(patience)).is_err() {
            self.kill();
            return Written::Lost;
        }
        loop {
            let (pieces, first) = {
                let mut state = self.state.lock();
                if let Some(written) = self.pass_on(&mut state, stream) {
                    return written;
                }
                let pieces: Vec<_> = state.queue.iter().take(PIECES).cloned().collect();
                (pieces, state.written)
            };
            let (slices, wanted) = slices(&pieces, first);
            let taken = sys::write_pieces(stream, &slices);
            let mut state = self.state.lock();
            match taken {
                Err(_) => self.end(&mut state, Stage::Dead),
                Ok(0) => {
                    let since = state.progress.elapsed();
                    if since >= stall && state.stage != Stage::Dead {
                        self.end(&mut state, Stage::Dead);
                        return Written::Stalled(since);
                    }
                    if state.stage != Stage::Dead {
                        return Written::NotAll;
                    }
                }
                Ok(taken) => {
                    state.advance(taken);
                    if taken < wanted && !state.queue.is_empty() {
                        return Written::NotAll;
                    }
                }
            }
        }
    }

    /// Ends a writer's ownership when there is nothing more to write.
    fn pass_on(&self, state: &mut State, stream: &Socket) -> Option<Written> {
        if state.stage == Stage::Dead {
            return Some(Written::Lost);
        }
        if !state.queue.is_empty() {
            return None;
        }
        state.owned_by_writer = false;
        if state.stage == Stage::Finishing {
            let _ = stream.shutdown(Shutdown::Write);
            self.end(state, Stage::Finished);
            return Some(Written::Finished);
        }
        self.quiet.notify_all();
        Some(Written::All)
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
    /// The client took this many bytes more.
    fn advance(&mut self, taken: usize) {
        self.progress = Instant::now();
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
fn slices(pieces: &[Arc<[u8]>], first: usize) -> (Vec<IoSlice<'_>>, usize) {
    let slices: Vec<_> = pieces
        .iter()
        .enumerate()
        .map(|(at, piece)| IoSlice::new(&piece[if at == 0 { first } else { 0 }..]))
        .collect();
    let length = slices.iter().map(|slice| slice.len()).sum();
    (slices, length)
}
