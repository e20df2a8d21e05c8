//! A connection with its threads and its bounded queues.
//!
//! | file | what is in it |
//! |---|---|
//! | `mod.rs` | the [`Link`]: the part of a connection that the loop owns, for every carrier |
//! | `tcp.rs` | the carrier TCP, and its two threads |
//! | `outgoing.rs` | the bytes that wait to be written, and how long no byte was written |
//! | `writing.rs` | blocking writes that report their progress |
//! | `inbox.rs` | received bytes that are not a complete frame yet |

pub(crate) mod inbox;
pub(crate) mod outgoing;
mod tcp;
pub(crate) mod writing;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, never};

use outgoing::{Flow, Queue, Watch};

/// Maximum number of chunks of received bytes that wait for the loop. At the limit, the reading thread stops reading, and
/// TCP's flow control stops the peer from sending more.
const CHUNKS_IN: usize = 4;
/// Capacity of the channel to a connection's writer, in pieces. Pieces that do not fit wait in a [`Queue`], whose size in
/// bytes is limited.
const PIECES_OUT: usize = 16;
/// When this many bytes wait for space in the writer's channel, the client keeps further typed lines until there is space.
const ROOM: usize = 32 * 1024;
/// The client answers some frames automatically. When this many bytes of such answers wait to be sent, the loop stops
/// reading from the connection. Without this limit, a peer that sends requests but does not read the answers could fill the
/// memory.
const MOST_ANSWERS: usize = 256 * 1024;

/// A connection with its threads. A TCP connection has two threads: one blocks in `read`, the other one in `write`. So the
/// loop, which owns the link, never blocks in a call on the socket.
///
/// The threads send their reports to [`Link::incoming`]. Dropping the link closes the connection at once and joins the
/// threads. Closing the socket wakes a thread that reads from it or writes to it. Dropping the channels wakes a thread that
/// waits for one of them.
///
/// The loop does not know what carries the bytes of a link (TCP, TLS or UDP). [`Link::start`] creates a link over TCP. Other
/// carriers create their links with [`Link::new`].
#[derive(Debug)]
pub(crate) struct Link {
    carrier: Box<dyn Carrier>,
    incoming: Receiver<Incoming>,
    outgoing: Option<Sender<Vec<u8>>>,
    waiting: Queue,
    /// Number of bytes given to this link so far.
    given: u64,
    /// An upper bound for the number of waiting bytes that belong to automatic answers.
    answers: usize,
    flow: Arc<Flow>,
    watch: Watch,
    shut: bool,
    /// Set after [`Link::split`]. Dropping this sender tells the new owner of the two directions to stop sending.
    split: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// Carries the bytes of a link, for example over TCP.
pub(crate) trait Carrier: fmt::Debug + Send {
    /// Ends both directions immediately, and wakes the threads that block on them. Has no effect if the connection is
    /// already closed.
    fn close(&self);
    /// Tells the peer that nothing follows the bytes already sent. Has no effect if the connection is already closed.
    fn end_sending(&self);
}

/// The other ends of a link's channels, for the threads of its carrier.
#[derive(Debug)]
pub(crate) struct Ends {
    /// The channel for reports of the threads.
    pub(crate) report: Sender<Incoming>,
    /// Pieces to send. When the channel closes, the writing thread ends the sending direction and reports
    /// [`Incoming::AllSent`].
    pub(crate) pieces: Receiver<Vec<u8>>,
    /// The counters in which the threads count the bytes that were sent.
    pub(crate) flow: Arc<Flow>,
}

/// Both directions of a link. [`Link::split`] gives them to a new owner.
#[derive(Debug)]
pub(crate) struct Directions {
    /// Reports of the link's threads.
    pub(crate) incoming: Receiver<Incoming>,
    /// The channel to the link's writer; `None` if nothing more may be sent.
    pub(crate) outgoing: Option<Sender<Vec<u8>>>,
    /// Closes when sending must stop.
    pub(crate) closed: Receiver<()>,
}

/// What the threads of a link report.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Bytes arrived.
    Bytes(Vec<u8>),
    /// The peer has stopped sending. This side may still send.
    End,
    /// Reading failed.
    ReceiveFailed(io::Error),
    /// After [`Link::shut`]: everything was sent, followed by FIN.
    AllSent,
    /// Writing failed. Nothing more can be sent.
    SendFailed(io::Error),
}

impl Link {
    /// Creates a link over any carrier. The carrier's threads use the returned ends of the channels. Pass each thread to
    /// [`Link::own`].
    pub(crate) fn new(carrier: Box<dyn Carrier>) -> (Link, Ends) {
        let (report, incoming) = bounded(CHUNKS_IN);
        let (outgoing, pieces) = bounded(PIECES_OUT);
        let flow = Arc::<Flow>::default();
        let ends = Ends {
            report,
            pieces,
            flow: flow.clone(),
        };
        let link = Link {
            carrier,
            incoming,
            outgoing: Some(outgoing),
            waiting: Queue::default(),
            given: 0,
            answers: 0,
            flow,
            watch: Watch::begin(Instant::now(), 0),
            shut: false,
            split: None,
            threads: Vec::with_capacity(2),
        };
        (link, ends)
    }

    /// Makes the link the owner of a thread. Dropping the link joins the thread. So [`Carrier::close`] must wake the thread
    /// if it blocks.
    pub(crate) fn own(&mut self, thread: JoinHandle<()>) {
        self.threads.push(thread);
    }

    /// Returns the channel on which the threads report.
    pub(crate) fn incoming(&self) -> &Receiver<Incoming> {
        &self.incoming
    }

    /// Returns the next report, if there is one.
    pub(crate) fn next(&mut self) -> Option<Incoming> {
        match self.incoming.try_recv() {
            Ok(incoming) => {
                if let Incoming::SendFailed(_) = incoming {
                    self.fail();
                }
                Some(incoming)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                // All senders of this channel are gone. Such a channel is always ready, so it would wake the loop again and
                // again. So the link replaces it with a channel that is never ready.
                self.incoming = never();
                None
            }
        }
    }

    /// Queues bytes, which are sent after all earlier bytes. Before sending many bytes, check [`Link::has_room`]. After
    /// [`Link::shut`] or a failure, the bytes are dropped. A failure is reported on [`Link::incoming`].
    pub(crate) fn send(&mut self, bytes: Vec<u8>) {
        if self.shut || self.outgoing.is_none() {
            return;
        }
        if self.unsent() == 0 {
            self.watch = Watch::begin(Instant::now(), self.flow.moved());
        }
        self.given += bytes.len() as u64;
        self.waiting.push(bytes);
        self.push();
    }

    /// Stops sending. The link writes all waiting bytes, followed by FIN. But after [`Link::split`], FIN immediately follows
    /// the bytes that were already written.
    pub(crate) fn shut(&mut self) {
        self.shut = true;
        if self.split.take().is_some() {
            // This call fails if the connection is lost. The new owner of the two directions notices the loss by itself.
            self.carrier.end_sending();
        }
        self.push();
    }

    /// Returns the channel that must have space before [`Link::push`] can move more bytes; `None` if nothing waits.
    pub(crate) fn blocked_on(&self) -> Option<&Sender<Vec<u8>>> {
        self.outgoing.as_ref().filter(|_| !self.waiting.is_empty())
    }

    /// Returns the writer's channel, so that the caller can wait until the channel has space; `None` if nothing more can be
    /// sent.
    pub(crate) fn outgoing(&self) -> Option<&Sender<Vec<u8>>> {
        self.outgoing.as_ref()
    }

    /// True if a typed line can be sent now.
    pub(crate) fn has_room(&self) -> bool {
        self.outgoing.is_some() && self.waiting.bytes() < ROOM && !self.is_backed_up()
    }

    /// True if a piece of a file can be sent now. A piece can be sent only if nothing else waits. So a file never delays
    /// typed lines.
    pub(crate) fn has_room_for_files(&self) -> bool {
        let has_room = |outgoing: &Sender<_>| !outgoing.is_full();
        self.waiting.is_empty() && self.outgoing.as_ref().is_some_and(has_room)
    }

    /// Returns the number of bytes that wait to be written.
    pub(crate) fn unsent(&self) -> u64 {
        self.given.saturating_sub(self.flow.taken())
    }

    /// Returns the number of bytes of this link that have been written so far.
    pub(crate) fn written(&self) -> u64 {
        self.flow.taken()
    }

    /// Returns a number that grows whenever bytes are written.
    pub(crate) fn moved(&self) -> u64 {
        self.flow.moved()
    }

    /// Returns the number of bytes given to this link so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// Records that the caller has sent automatic answers. `given` is the value of [`Link::given`] before the first answer:
    /// all later bytes belong to the answers.
    pub(crate) fn has_answered(&mut self, given: u64) {
        if !self.waiting.is_empty() {
            let answers = usize::try_from(self.given.saturating_sub(given)).unwrap_or(usize::MAX);
            self.answers = self.answers.saturating_add(answers);
        }
    }

    /// True if the peer does not read the automatic answers. Then the loop must not read from the peer.
    pub(crate) fn is_backed_up(&self) -> bool {
        self.answers > MOST_ANSWERS
    }

    /// Returns the time at which to call [`Link::is_stalled`]; `None` if nothing waits to be written.
    pub(crate) fn look_at(&self, limit: Duration) -> Option<Instant> {
        (self.unsent() > 0).then(|| self.watch.due(limit))
    }

    /// True if bytes wait and none of them was written within the time limit.
    pub(crate) fn is_stalled(&mut self, now: Instant, limit: Duration) -> bool {
        let due = self.look_at(limit).is_some_and(|due| due <= now);
        due && self.watch.is_stalled(now, self.flow.moved(), limit)
    }

    /// Closes both directions at once, and waits until the threads have ended. After that the link reports nothing more, and
    /// [`Link::written`] no longer changes. Returns the number of bytes that were not written.
    pub(crate) fn abandon(&mut self) -> u64 {
        self.fail();
        self.end_threads();
        let unsent = self.unsent();
        self.given = self.flow.taken();
        unsent
    }

    fn end_threads(&mut self) {
        self.incoming = never();
        self.outgoing = None;
        self.carrier.close();
        for thread in self.threads.drain(..) {
            // If the thread panicked, its panic message was already printed.
            let _ = thread.join();
        }
    }

    fn fail(&mut self) {
        self.outgoing = None;
        self.waiting.clear();
        self.answers = 0;
    }

    /// Moves waiting pieces to the writer's channel, as long as the channel has space.
    pub(crate) fn push(&mut self) {
        let Some(outgoing) = &self.outgoing else {
            return;
        };
        if !self.waiting.fill(outgoing) {
            return self.fail();
        }
        if !self.waiting.is_empty() {
            return;
        }
        self.answers = 0;
        if self.shut {
            self.outgoing = None;
        }
    }

    /// Gives both directions to a new owner. Dropping the link still closes the connection, but no longer joins the threads:
    /// a thread may then block because the new owner does not empty its channel, and the link could not wake this thread.
    pub(crate) fn split(&mut self) -> Directions {
        self.threads.clear();
        let (split, closed) = bounded(0);
        self.split = Some(split);
        Directions {
            incoming: std::mem::replace(&mut self.incoming, never()),
            outgoing: self.outgoing.take(),
            closed,
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end_threads();
    }
}
