//! The two threads that own the socket and the clock of the conversations. Each thread blocks in one call.
//!
//! `peer-in` reads datagrams from the socket. `peer` owns everything else. The thread `peer` waits for its next deadline and
//! for all of its channels at the same time: datagrams, new meetings, bytes to send, space for received bytes, and the end
//! of a link. Sending a datagram does not block for long: if the socket is full, the datagram is dropped. This is allowed,
//! because any network may drop a datagram.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Select, Sender, bounded};

use super::conversation::{ConversationState, Meeting};
use super::conversations::{Conversations, Id};
use super::wired::{self, Wired};
use crate::identity::Identity;
use crate::link::Link;

/// Maximum datagrams that wait for the thread `peer`. If more arrive, they are dropped, and the peer's QUIC sends their
/// contents again.
const DATAGRAMS: usize = 256;
/// The largest datagram that UDP carries.
const MAX_DATAGRAM: usize = 65_535;
/// Maximum meetings that wait for the thread `peer`.
const MEETINGS: usize = 8;
/// Maximum time that a client waits before it ends, until its peers have confirmed that the conversations are closed. In
/// this time, the closing datagram is sent five times.
const LEAVE_TIME: Duration = Duration::from_secs(1);

/// All conversations of this client. Dropping this value ends the conversations, and then waits until the threads have
/// ended.
#[derive(Debug)]
pub(crate) struct Peers {
    meetings: Sender<Call>,
    /// Dropping this sender stops the thread `peer`.
    stop: Option<Sender<()>>,
    socket: UdpSocket,
    over: Arc<AtomicBool>,
    /// The threads `peer` and `peer-in`. The thread `peer` ends first, because it still needs the answers that `peer-in`
    /// reads.
    exchanging: Option<JoinHandle<()>>,
    reading: Option<JoinHandle<()>>,
}

/// A handle that starts conversations.
#[derive(Debug, Clone)]
pub(crate) struct Callers(Sender<Call>);

/// A request to start a conversation: the meeting, the channels of its link, and the channel for its outcome.
struct Call {
    meeting: Meeting,
    wired: Wired,
    outcome: Sender<io::Result<()>>,
}

impl Peers {
    /// Starts the threads that use the socket.
    ///
    /// # Errors
    /// Fails if there are no threads or descriptors left, or TLS rejects the key.
    pub(crate) fn start(socket: UdpSocket, identity: &Identity) -> io::Result<Peers> {
        let conversations = Conversations::new(identity.for_tls().map_err(io::Error::other)?);
        let (meetings, calls) = bounded(MEETINGS);
        let (stop, stopped) = bounded(0);
        let (datagram, datagrams) = bounded(DATAGRAMS);
        let over = Arc::new(AtomicBool::new(false));
        let mut peers = Peers {
            meetings,
            stop: Some(stop),
            socket: socket.try_clone()?,
            over: over.clone(),
            exchanging: None,
            reading: None,
        };
        let reading = socket.try_clone()?;
        peers.reading = Some(
            thread::Builder::new()
                .name("peer-in".into())
                .spawn(move || receive(&reading, &datagram, &over))?,
        );
        let exchange = Exchange {
            socket,
            conversations,
            stopped,
            calls,
            datagrams,
            wired: BTreeMap::new(),
        };
        peers.exchanging = Some(
            thread::Builder::new()
                .name("peer".into())
                .spawn(move || exchange.run())?,
        );
        Ok(peers)
    }

    /// Returns a handle that starts conversations.
    pub(crate) fn callers(&self) -> Callers {
        Callers(self.meetings.clone())
    }
}

impl Callers {
    /// Starts a conversation, and blocks until it is open or has failed.
    ///
    /// # Errors
    /// Returns the reason why the conversation failed.
    pub(crate) fn meet(&self, meeting: Meeting) -> io::Result<Link> {
        let (line, control) = wired::line();
        let (link, ends) = Link::new(Box::new(line));
        let (outcome, coming) = bounded(1);
        let gone = || io::Error::other("the client has stopped its private connections");
        let call = Call {
            meeting,
            wired: Wired::new(ends, control),
            outcome,
        };
        self.0.send(call).map_err(|_| gone())?;
        coming.recv().map_err(|_| gone())??;
        Ok(link)
    }
}

impl Drop for Peers {
    fn drop(&mut self) {
        self.stop = None;
        // If a thread panicked, its panic message was already printed.
        let _ = self.exchanging.take().map(JoinHandle::join);
        self.over.store(true, Ordering::Release);
        // On some systems only a datagram wakes a thread that waits for datagrams. So this function sends an empty datagram
        // to the client's own socket. If the socket's buffer has no space for it, other datagrams have already woken the
        // thread.
        if let Ok(address) = self.socket.local_addr() {
            let _ = self.socket.send_to(&[], reachable(address));
        }
        let _ = self.reading.take().map(JoinHandle::join);
    }
}

/// Returns the address at which this machine can reach a socket that is bound to the address `bound`.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

fn receive(socket: &UdpSocket, datagram: &Sender<(SocketAddr, Vec<u8>)>, over: &AtomicBool) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let received = socket.recv_from(&mut buffer);
        if over.load(Ordering::Acquire) {
            return;
        }
        match received {
            Ok((length, from)) => {
                if let Some(bytes) = buffer.get(..length) {
                    // If the channel is full, the datagram is lost. A lost datagram is no error, because UDP does not
                    // promise that datagrams arrive.
                    let _ = datagram.try_send((from, bytes.to_vec()));
                }
            }
            Err(error) if is_about_another_datagram(&error) => {}
            // If the socket fails, nothing more arrives from any peer, so every conversation times out.
            Err(_) => return,
        }
    }
}

/// True for an error that an earlier datagram of this client has caused (ICMP port unreachable). Some systems report such an
/// error when the program reads from the socket.
fn is_about_another_datagram(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

/// Everything that the thread `peer` owns.
struct Exchange {
    socket: UdpSocket,
    conversations: Conversations,
    /// Closes when the thread must stop.
    stopped: Receiver<()>,
    calls: Receiver<Call>,
    datagrams: Receiver<(SocketAddr, Vec<u8>)>,
    wired: BTreeMap<Id, Party>,
}

/// The part of this program that uses a conversation: at first the caller that waits until the conversation is open, then
/// the link.
struct Party {
    wired: Wired,
    /// The channel for the outcome, until the outcome is known.
    waiting: Option<Sender<io::Result<()>>>,
}

impl Exchange {
    fn run(mut self) {
        loop {
            self.wait();
            let now = Instant::now();
            if self
                .stopped
                .try_recv()
                .is_err_and(|error| error.is_disconnected())
            {
                break;
            }
            self.take_calls(now);
            while let Ok((from, datagram)) = self.datagrams.try_recv() {
                self.conversations.datagram(now, from, &datagram);
            }
            self.conversations.timeout(now);
            self.serve(now);
            self.send();
        }
        self.take_leave();
    }

    /// Closes every conversation, and waits at most [`LEAVE_TIME`] until the peers know that the conversations are closed.
    fn take_leave(&mut self) {
        let mut now = Instant::now();
        let until = now + LEAVE_TIME;
        for id in self.wired.keys() {
            self.conversations.close(now, *id);
        }
        self.send();
        while !self.conversations.have_taken_leave() && now < until {
            let deadline = self.conversations.deadline().unwrap_or(until).min(until);
            let received = self.datagrams.recv_deadline(deadline);
            now = Instant::now();
            match received {
                Ok((from, datagram)) => self.conversations.datagram(now, from, &datagram),
                Err(RecvTimeoutError::Timeout) => self.conversations.timeout(now),
                // The thread `peer-in`, which reads the socket, has ended, so no answer will arrive.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.send();
        }
    }

    /// Blocks until there may be work to do. After that, the thread serves all conversations, even those without work: there
    /// are only a few.
    fn wait(&mut self) {
        let deadline = self.conversations.deadline();
        let mut select = Select::new();
        select.recv(&self.stopped);
        select.recv(&self.calls);
        select.recv(&self.datagrams);
        for party in self.wired.values() {
            if party.waiting.is_none() {
                party.wired.wait_for(&mut select);
            }
        }
        match deadline {
            Some(deadline) => {
                let _ = select.ready_deadline(deadline);
            }
            None => {
                select.ready();
            }
        }
    }

    fn take_calls(&mut self, now: Instant) {
        while let Ok(call) = self.calls.try_recv() {
            match self.conversations.meet(now, &call.meeting) {
                Ok(id) => {
                    let party = Party {
                        wired: call.wired,
                        waiting: Some(call.outcome),
                    };
                    self.wired.insert(id, party);
                }
                Err(error) => {
                    let _ = call.outcome.send(Err(io::Error::other(error)));
                }
            }
        }
    }

    /// Moves bytes between the conversations and their links, as far as possible.
    fn serve(&mut self, now: Instant) {
        let conversations = &mut self.conversations;
        let mut gone = Vec::new();
        for (id, party) in &mut self.wired {
            let Some(conversation) = conversations.get(*id) else {
                gone.push(*id);
                continue;
            };
            if let Some(outcome) = &party.waiting {
                let known = match conversation.state() {
                    ConversationState::Opening => continue,
                    ConversationState::Up => Ok(()),
                    ConversationState::Over(reason) => {
                        let reason = reason.clone().unwrap_or_else(|| "the peer has left".into());
                        Err(io::Error::other(reason))
                    }
                };
                let failed = known.is_err();
                // This send fails if the loop has dropped the link. The code below handles that case.
                let _ = outcome.send(known);
                party.waiting = None;
                if failed {
                    gone.push(*id);
                    continue;
                }
            }
            if !party.wired.serve(conversation) {
                gone.push(*id);
            }
        }
        for id in gone {
            self.wired.remove(&id);
            self.conversations.close(now, id);
        }
        self.conversations.settle(now);
    }

    fn send(&mut self) {
        while let Some((to, datagram)) = self.conversations.next_datagram() {
            // If the call fails, the datagram counts as lost. If the address cannot be reached, nothing arrives from it, and
            // the conversation times out.
            let _ = self.socket.send_to(&datagram, to);
        }
    }
}
