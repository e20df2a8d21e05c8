use std::fmt;
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded, never};

use super::outgoing::{Flow, Queue, Watch};
use super::writing::{report_progress, write_all};

/// One read takes at most this much.
const CHUNK: usize = 64 * 1024;
/// Chunks that a connection may be ahead of the loop. While they wait its reader does not read, and TCP holds the peer back.
const CHUNKS_IN: usize = 4;
/// Pieces in the channel of a connection's writer. No limit is counted in these: what finds no place waits in a [`Queue`].
const PIECES_OUT: usize = 16;
/// When this many bytes wait for a place in the channel, typed lines are held back.
const ROOM: usize = 32 * 1024;
/// When this many bytes of answers wait that a protocol gives by itself, nothing more is read from the connection: a peer
/// that asks and does not read the answers is held back, too.
const MOST_ANSWERS: usize = 256 * 1024;

/// A connection with its threads. For TCP there are two: one blocks in `read`, the other in `write`, so the loop that owns
/// the link blocks in neither.
///
/// They report on [`Link::incoming`]. Dropping the link closes the connection at once and waits for the threads: closing
/// wakes whichever blocks on the socket, and the receiver's end whichever blocks on the channel.
///
/// The loop does not know what carries a link. A carrier that is no TCP connection makes its own with [`Link::new`].
#[derive(Debug)]
pub(super) struct Link {
    carrier: Box<dyn Carrier>,
    incoming: Receiver<Incoming>,
    outgoing: Option<Sender<Vec<u8>>>,
    waiting: Queue,
    /// How many bytes were sent on it so far.
    given: u64,
    /// How many of those that wait are answers, in bytes, at most.
    answers: usize,
    flow: Arc<Flow>,
    watch: Watch,
    shut: bool,
    /// Dropped to tell whoever has the directions that no more is to be sent.
    split: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// What carries the bytes of a link.
pub(super) trait Carrier: fmt::Debug + Send {
    /// Ends both directions at once, and wakes the threads that block on them. It may be over already.
    fn close(&self);
    /// Tells the peer that no more comes behind what has left. It may be over already.
    fn end_sending(&self);
}

impl Carrier for TcpStream {
    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }

    fn end_sending(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

/// The other ends of a link's channels, for the threads of its carrier.
#[derive(Debug)]
pub(super) struct Ends {
    /// What they report.
    pub(super) report: Sender<Incoming>,
    /// What they send. At its end the peer is told that no more comes, and [`Incoming::AllSent`] is reported.
    pub(super) pieces: Receiver<Vec<u8>>,
    /// Where they say how much of that has left.
    pub(super) flow: Arc<Flow>,
}

/// Both directions of a link, in somebody else's hands.
#[derive(Debug)]
pub(super) struct Directions {
    /// What the link's threads report.
    pub(super) incoming: Receiver<Incoming>,
    /// What its writer takes; `None` when nothing more may be sent.
    pub(super) outgoing: Option<Sender<Vec<u8>>>,
    /// Ends when no more is to be sent, whoever has more.
    pub(super) closed: Receiver<()>,
}

/// What the threads of a link report.
#[derive(Debug)]
pub(super) enum Incoming {
    /// Bytes came.
    Bytes(Vec<u8>),
    /// The peer will send no more; we still may.
    End,
    /// Reading failed.
    ReceiveFailed(io::Error),
    /// After [`Link::shut`]: everything has left, and our FIN behind it.
    AllSent,
    /// Writing failed; nothing more can be sent.
    SendFailed(io::Error),
}

impl Link {
    /// Starts the threads of a TCP connection.
    pub(super) fn start(name: &str, stream: TcpStream) -> io::Result<Link> {
        let reading = stream.try_clone()?;
        let writing = stream.try_clone()?;
        report_progress(&writing)?;
        let (mut link, ends) = Link::new(Box::new(stream));
        let Ends {
            report,
            pieces,
            flow,
        } = ends;
        let reports = report.clone();
        link.own(
            thread::Builder::new()
                .name(format!("{name}-in"))
                .spawn(move || receive(&reading, &reports))?,
        );
        link.own(
            thread::Builder::new()
                .name(format!("{name}-out"))
                .spawn(move || send(&writing, &pieces, &flow, &report))?,
        );
        Ok(link)
    }

    /// A link over any carrier. Its threads, which [`Link::own`] hands over, have the other ends of the channels.
    pub(super) fn new(carrier: Box<dyn Carrier>) -> (Link, Ends) {
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

    /// The end of the link waits for this thread, which [`Carrier::close`] must wake.
    pub(super) fn own(&mut self, thread: JoinHandle<()>) {
        self.threads.push(thread);
    }

    /// Where the threads report.
    pub(super) fn incoming(&self) -> &Receiver<Incoming> {
        &self.incoming
    }

    /// The next report, if there is one.
    pub(super) fn next(&mut self) -> Option<Incoming> {
        match self.incoming.try_recv() {
            Ok(incoming) => {
                if let Incoming::SendFailed(_) = incoming {
                    self.fail();
                }
                Some(incoming)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                // A channel without senders is always "ready": it must not be waited for again.
                self.incoming = never();
                None
            }
        }
    }

    /// Sends, after everything that was sent before. Whoever sends much asks [`Link::has_room`] first. What is sent after
    /// [`Link::shut`] or after a failure is dropped: the report of it says so.
    pub(super) fn send(&mut self, bytes: Vec<u8>) {
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

    /// Sends no more: a FIN will follow what was sent before. After [`Link::split`] it follows what has left already.
    pub(super) fn shut(&mut self) {
        self.shut = true;
        if self.split.take().is_some() {
            // When the connection is lost, whoever has the directions learns that by itself.
            self.carrier.end_sending();
        }
        self.push();
    }

    /// The channel that must have room before [`Link::push`] helps; `None` when nothing waits.
    pub(super) fn blocked_on(&self) -> Option<&Sender<Vec<u8>>> {
        self.outgoing.as_ref().filter(|_| !self.waiting.is_empty())
    }

    /// The writer's channel, for those who wait until it has room; `None` when nothing can be sent any more.
    pub(super) fn outgoing(&self) -> Option<&Sender<Vec<u8>>> {
        self.outgoing.as_ref()
    }

    /// True when a typed line can be sent now.
    pub(super) fn has_room(&self) -> bool {
        self.outgoing.is_some() && self.waiting.bytes() < ROOM && !self.is_backed_up()
    }

    /// True when a piece of a file can be sent now: nothing else waits, so that a file never holds up what is typed.
    pub(super) fn has_room_for_files(&self) -> bool {
        let has_room = |outgoing: &Sender<_>| !outgoing.is_full();
        self.waiting.is_empty() && self.outgoing.as_ref().is_some_and(has_room)
    }

    /// How many bytes were sent and have not left.
    pub(super) fn unsent(&self) -> u64 {
        self.given.saturating_sub(self.flow.taken())
    }

    /// A number that grows whenever bytes leave.
    pub(super) fn moved(&self) -> u64 {
        self.flow.moved()
    }

    /// How many bytes were sent on it so far.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// Counts what was sent since [`Link::given`] had this value: they were answers to what the peer sent.
    pub(super) fn has_answered(&mut self, given: u64) {
        if !self.waiting.is_empty() {
            let answers = usize::try_from(self.given.saturating_sub(given)).unwrap_or(usize::MAX);
            self.answers = self.answers.saturating_add(answers);
        }
    }

    /// True when the peer does not take the answers to what it sends: then no more should be read from it.
    pub(super) fn is_backed_up(&self) -> bool {
        self.answers > MOST_ANSWERS
    }

    /// When [`Link::is_stalled`] should be asked; `None` when everything has left.
    pub(super) fn look_at(&self, limit: Duration) -> Option<Instant> {
        (self.unsent() > 0).then(|| self.watch.due(limit))
    }

    /// True when bytes wait and none of them has moved for the limit.
    pub(super) fn is_stalled(&mut self, now: Instant, limit: Duration) -> bool {
        let due = self.look_at(limit).is_some_and(|due| due <= now);
        due && self.watch.is_stalled(now, self.flow.moved(), limit)
    }

    /// Ends both directions at once and reports nothing more.
    pub(super) fn abandon(&mut self) {
        self.incoming = never();
        self.fail();
        self.given = self.flow.taken();
        self.carrier.close();
    }

    fn fail(&mut self) {
        self.outgoing = None;
        self.waiting.clear();
        self.answers = 0;
    }

    /// Hands what waits to the writer, as far as it has room.
    pub(super) fn push(&mut self) {
        let Some(outgoing) = &self.outgoing else {
            return;
        };
        while let Some(piece) = self.waiting.pop() {
            match outgoing.try_send(piece) {
                Ok(()) => {}
                Err(TrySendError::Full(piece)) => {
                    self.waiting.put_back(piece);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => return self.fail(),
            }
        }
        self.answers = 0;
        if self.shut {
            self.outgoing = None;
        }
    }

    /// Gives both directions to others. The end of the link is still the connection's, but it no longer waits for the
    /// threads: they may be blocked on a channel whose other end it does not own.
    pub(super) fn split(&mut self) -> Directions {
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
        self.incoming = never();
        self.outgoing = None;
        self.carrier.close();
        for thread in self.threads.drain(..) {
            // A panic in it has been printed; there is nothing left to save.
            let _ = thread.join();
        }
    }
}

fn receive(mut stream: &TcpStream, report: &Sender<Incoming>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let incoming = match stream.read(&mut chunk) {
            Ok(0) => Incoming::End,
            Ok(length) => Incoming::Bytes(chunk[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Incoming::ReceiveFailed(error),
        };
        let over = !matches!(incoming, Incoming::Bytes(_));
        if report.send(incoming).is_err() || over {
            return;
        }
    }
}

fn send(stream: &TcpStream, pieces: &Receiver<Vec<u8>>, flow: &Flow, report: &Sender<Incoming>) {
    for piece in pieces {
        let left = |bytes| {
            flow.take(bytes);
            flow.advance(bytes);
        };
        if let Err(error) = write_all(stream, &piece, left) {
            let _ = report.send(Incoming::SendFailed(error));
            return;
        }
    }
    let _ = report.send(match stream.shutdown(Shutdown::Write) {
        Ok(()) => Incoming::AllSent,
        Err(error) => Incoming::SendFailed(error),
    });
}
