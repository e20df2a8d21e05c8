//! The hub: one room, the lock around it, and the run. The run is a list of effects: everything
//! that the room sends is first put on this list.
//!
//! [`Hub::visit`] shows the whole idea. A thread locks the hub, lets the room handle an event, and
//! appends the effects to the run. This is called a *visit*. If another thread is already sending,
//! the visiting thread leaves, because the sending thread will find the new effects. If no thread
//! is sending, the visiting thread starts to send.
//!
//! An example with two readers, A and B, whose clients speak at nearly the same time:
//!
//! ```text
//! A: lock; room handles "hi"; run = [hi]; sending = true; unlock
//! A: lock; swap: A has [hi], the run is empty; unlock; send "hi" to all clients
//! B: lock; room handles "ho"; run = [ho]; sending is true; unlock; back to read
//! A: lock; swap: A has [ho]; unlock; send "ho" to all clients
//! A: lock; the run is empty; sending = false; unlock; back to read
//! ```
//!
//! So B does not wait while A sends. All clients still get "hi" before "ho", because the room
//! handled the two messages in this order. When a hundred readers visit the hub while A sends,
//! their messages are all in one run, and each client gets them in one `send`. So in a busy room, a
//! message costs fewer system calls than in a quiet room.
//!
//! In a simpler design, a thread would send while it holds the hub's lock. Then every reader would
//! wait for every send, and one full socket would stop the room.

use std::sync::Arc;
use std::time::Instant;

use log::error;
use rustls::ServerConfig;

use super::bounds::limits::{ConnectionLimits, DRAIN, ROUNDS};
use super::bounds::talk::Talk;
use super::connection::Connection;
use super::questions::workers::{Answers, Unanswered};
use super::sending::run::Run;
use super::sending::turn::Turn;
use super::sync::{Condvar, Mutex, MutexGuard};
use super::time::clock::Clock;
use matou_protocols::room::{ConnId, Event, Flow, Protocol};

/// A room, all its connections, and the locks around them.
///
/// Rules of the hub's two locks:
///
/// * `state` is held while a room handles events, and while the run is swapped. A thread that holds
///   it does not block, send, or write to the log. The clock's lock is the only other lock that
///   this thread may take.
/// * `turn` is held by the thread that carries runs out. No other thread waits for this lock: while
///   it is held, `sending` is true, and the other threads leave the sending to the holder of the
///   lock. There is one exception: when a stop takes too long, [`Hub::cut_all`] waits for it.
/// * A thread that holds `turn` may lock `state`. A thread that holds `state` must not lock `turn`.
///   A thread holds both locks at the same time in two places: [`Hub::send_rounds`] holds both to
///   swap the run, and [`Sending`] holds both after a panic.
///
/// The locks are from `parking_lot`: a panic does not poison them. If a room panicked, the server
/// would go on using the half-changed room, so rooms must not panic. No bytes from a peer can cause
/// a panic in a room: the lints of the protocol crate forbid the calls that could panic.
pub(super) struct Hub<P: Protocol> {
    state: Mutex<State<P>>,
    /// Notified after the run has been swapped: the new run has space. Readers that find the run
    /// full wait here.
    space: Condvar,
    /// Locked by the thread that has set `sending`, or by the clock's thread after a reader has
    /// handed the turn over to it.
    turn: Mutex<Turn>,
    /// Finds answers to the room's questions. A thread that looks for an answer takes none of the
    /// locks above.
    answers: Answers<P>,
    pub(super) clock: Arc<Clock<Connection>>,
    pub(super) codec: P::Codec,
    pub(super) limits: Arc<ConnectionLimits>,
    /// The TLS configuration for the hub's connections; `None` when the listener has no
    /// certificate.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The listener's name, such as `chaton 127.0.0.1:7777`. Log lines about the listener's
    /// connections have this name as their target, because the log limits the number of lines of
    /// each target.
    pub(super) listener: Arc<str>,
}

struct State<P> {
    room: P,
    /// The effects that the room wants, and that no thread has begun to carry out.
    run: Run,
    /// True while a thread has the turn. Before that thread sets the flag to false, it looks at the
    /// run once more, under the same lock. So a thread that appends to the run and sees `true` may
    /// leave: the sending thread will find the new effects.
    sending: bool,
    /// True after the stop of the hub has begun: the room handles no more events.
    stopping: bool,
    /// Number of connections that have not had their last event, `Gone`.
    connections: usize,
    /// The deadline of the room that the hub last told the clock.
    told_clock: Option<Instant>,
}

impl<P: Protocol> Hub<P> {
    pub(super) fn new(
        room: P,
        codec: P::Codec,
        limits: ConnectionLimits,
        tls: Option<Arc<ServerConfig>>,
        answers: Answers<P>,
        listener: Arc<str>,
    ) -> Arc<Hub<P>> {
        let tunnel_end_delay = room.tunnel_end_delay();
        Arc::new(Hub {
            state: Mutex::new(State {
                room,
                run: Run::new(),
                sending: false,
                stopping: false,
                connections: 0,
                told_clock: None,
            }),
            space: Condvar::new(),
            turn: Mutex::new(Turn::new(P::NAME, tunnel_end_delay, &listener)),
            answers,
            clock: Arc::default(),
            codec,
            limits: Arc::new(limits),
            tls,
            listener,
        })
    }

    /// Lets the room handle a connection's first event. The connection's reader calls this before
    /// the first `read`.
    ///
    /// The connection is added to the run's arrivals. So the thread that carries out the run knows
    /// the connection before any effect names it. If the server is already stopping, the connection
    /// is cut at once.
    pub(super) fn opened(&self, connection: &Arc<Connection>) -> Flow<P::Question> {
        let opened = Event::Opened(connection.peer);
        let flow = self.visit(|state| {
            state.connections += 1;
            if state.stopping {
                return None;
            }
            state.run.arrivals.push(Arc::clone(connection));
            Some(state.handle(connection, opened, Instant::now()))
        });
        flow.unwrap_or_else(|| {
            connection.cut();
            Flow::Closed
        })
    }

    /// Lets the room handle commands of one connection, in their order and in one visit.
    ///
    /// This method stops after a command for which the room returns a [`Flow`] other than `Frames`.
    /// The commands that follow stay in the iterator.
    ///
    /// This method also stops when the client has sent as many bytes as it may send for now. The
    /// caller then pauses.
    ///
    /// Blocks while the run is full; the holder of the turn wakes the reader after it has swapped
    /// the run. A reader that is blocked here does not read from its socket. So TCP slows down a
    /// client that sends faster than the server can relay its messages.
    pub(super) fn commands<'a>(
        &self,
        connection: &Connection,
        commands: impl IntoIterator<Item = P::Command<'a>>,
        talk: &mut Talk,
        now: Instant,
    ) -> Flow<P::Question> {
        let mut flow = Flow::Frames;
        // Blocks while another thread holds this lock; the release of the lock wakes this thread.
        // The wait takes microseconds, because no thread blocks while it holds the lock.
        let mut state = self.state.lock();
        for command in commands {
            while state.run.is_full() {
                if state.sending {
                    // Blocks. `wait` releases the lock while the thread is blocked, and takes it
                    // again before it returns. The holder of the turn wakes all readers that wait
                    // here, after it has swapped the run. Meanwhile another reader may have filled
                    // the new run already, so the loop tests again whether the run is full. This
                    // connection may also be closing by now, so `State::handle` tests that again.
                    self.space.wait(&mut state);
                } else {
                    // No thread is sending, so no other thread would swap this run. This thread
                    // takes the turn. `settle` releases the lock.
                    self.settle(state);
                    state = self.state.lock();
                }
            }
            let before = state.run.effects.bytes();
            flow = state.handle(connection, Event::Command(command), now);
            talk.caused(state.run.effects.bytes() - before, now);
            if !matches!(flow, Flow::Frames) || talk.pause(now).is_some() {
                break;
            }
        }
        self.settle(state);
        flow
    }

    /// Lets the room handle any event of a connection except a command. Does not wait for space in
    /// the run: the clock's thread calls this method too, and that thread must not wait.
    pub(super) fn event(
        &self,
        connection: &Connection,
        event: Event<P::Command<'_>, P::Answer>,
    ) -> Flow<P::Question> {
        self.visit(|state| state.handle(connection, event, Instant::now()))
    }

    /// Finds the answer to a question that the room asked because of this connection. Blocks until
    /// a worker has found the answer, until the question is dropped because too many questions
    /// wait, or until the hub stops. No lock of the hub is held, so all other connections go on.
    pub(super) fn answer(
        &self,
        connection: &Connection,
        question: P::Question,
    ) -> Result<P::Answer, Unanswered> {
        let address = connection.peer.ip().to_canonical();
        self.answers.to(address, question)
    }

    /// Tells the room that the client with this name has proved its identity with a key that is no
    /// longer valid, for example because a new key was registered. Any thread may call this.
    pub(super) fn revoke(&self, name: &str) {
        self.visit(|state| {
            if !state.stopping {
                state.room.revoke(name, &mut state.run.effects);
            }
        });
    }

    /// Lets the room handle a connection's last event. The connection's reader calls this after its
    /// last `read`.
    ///
    /// The room forgets the connection, and tells other clients if the protocol says so. This
    /// method is called for every connection, also while the hub is stopping. If the hub is
    /// stopping and this was its last connection, this method tells the clock's thread to end.
    pub(super) fn gone(&self, connection: &Connection) {
        self.visit(|state| {
            state.handle(connection, Event::Gone, Instant::now());
            state.run.departures.push(connection.id);
            state.connections -= 1;
            if state.stopping && state.connections == 0 {
                self.clock.end();
            }
        });
    }

    /// Tells the room that its deadline has come.
    pub(super) fn tick(&self) {
        self.visit(State::tick);
    }

    /// Begins an orderly close of every connection. The room handles no more events, so the clients
    /// are not told that the other clients leave. The clock's thread cuts the connections that have
    /// not ended within [`DRAIN`].
    pub(super) fn finish_all(&self) {
        self.answers.cancel();
        self.clock.stop_by(Instant::now() + DRAIN);
        self.visit(|state| {
            state.stopping = true;
            state.run.finish_all = true;
            if state.connections == 0 {
                self.clock.end();
            }
        });
    }

    /// Cuts every connection. Blocks while another thread holds the turn; that thread wakes this
    /// thread when it releases the turn. The wait is short, because no send of that thread blocks.
    pub(super) fn cut_all(&self) {
        self.turn.lock().cut_all();
    }

    /// Lets `act` change the state under the lock. Then releases the lock and, if no other thread
    /// is sending, sends what has to be sent.
    fn visit<T>(&self, act: impl FnOnce(&mut State<P>) -> T) -> T {
        let mut state = self.state.lock();
        let done = act(&mut state);
        self.settle(state);
        done
    }

    /// Ends a visit: tells the clock the room's deadline, and takes the turn if there is something
    /// to send and no other thread is sending. Releases the lock before anything is sent.
    fn settle(&self, mut state: MutexGuard<'_, State<P>>) {
        // A hub that stops does not call its room any more, so the room cannot move its deadline
        // any more. If the deadline stayed in the clock, the clock's thread would find it due again
        // and again, and would never end.
        let deadline = match state.stopping {
            true => None,
            false => state.room.deadline(),
        };
        if deadline != state.told_clock {
            state.told_clock = deadline;
            self.clock.room_at(deadline);
        }
        if state.sending || state.run.is_empty() {
            return;
        }
        // From here on this thread must also send what other threads append, until it sets
        // `sending` to false under the lock.
        state.sending = true;
        drop(state);
        self.send_rounds();
    }

    /// Swaps the run and carries it out, again and again, until it finds an empty run. The caller
    /// has set `sending`, or a reader has handed the turn over to the caller.
    ///
    /// After [`ROUNDS`] rounds, this method hands the turn to the clock's thread. Otherwise, in a
    /// busy room, a reader would always send for others and never read from its own client.
    /// `sending` stays true until the clock's thread takes over, so no other thread begins to send.
    pub(super) fn send_rounds(&self) {
        let mut sending = Sending {
            turn: self.turn.lock(),
            hub: self,
            passed_on: false,
        };
        for _ in 0..ROUNDS {
            {
                let mut state = self.state.lock();
                if state.run.is_empty() {
                    // The flag is cleared under the lock. A thread that appends effects later sees
                    // `false`, so it takes the turn itself.
                    state.sending = false;
                    sending.passed_on = true;
                    return;
                }
                std::mem::swap(&mut state.run, &mut sending.turn.run);
            }
            // The lock is released. This notification wakes the readers that wait for space in the
            // run. They append to the new run while this thread sends the old run.
            self.space.notify_all();
            sending.turn.apply();
        }
        // Other threads have appended in every round: the room is busy. `sending` stays true until
        // the clock's thread sets it to false.
        sending.passed_on = true;
        // Releases the turn first: the clock's thread locks it as soon as it is woken.
        drop(sending);
        self.clock.hand_over_turn();
    }
}

impl<P: Protocol> State<P> {
    /// Lets the room handle an event. Every event of every connection comes here, one at a time.
    /// The order of these calls is the order that all clients see.
    fn handle(
        &mut self,
        connection: &Connection,
        event: Event<P::Command<'_>, P::Answer>,
        now: Instant,
    ) -> Flow<P::Question> {
        // Perhaps the connection was cut after its reader had read the frame, but before the reader
        // got the lock. Then the frame is ignored.
        if self.stopping || (connection.is_closing() && counts_only_while_open(&event)) {
            return Flow::Closed;
        }
        self.room
            .step(connection.id, event, now, &mut self.run.effects)
    }

    fn tick(&mut self) {
        // The clock's thread has removed the deadline from the clock before it called this method.
        self.told_clock = None;
        if !self.stopping {
            self.room.tick(Instant::now(), &mut self.run.effects);
        }
    }
}

/// Returns false for the events that begin or end a connection: the room must always handle these.
fn counts_only_while_open<C, A>(event: &Event<C, A>) -> bool {
    matches!(
        event,
        Event::Command(_)
            | Event::Malformed(_)
            | Event::Answer(_)
            | Event::Busy
            | Event::Overdue(_)
    )
}

/// The turn's lock guard, and the clean-up after a panic. A thread keeps this value while it holds
/// the turn.
///
/// If a round panics, the server does not know which clients have got their bytes. So all
/// connections are cut, `sending` becomes false, and the hub goes on. Only a mistake in this server
/// can cause such a panic; a peer cannot.
struct Sending<'a, P: Protocol> {
    turn: MutexGuard<'a, Turn>,
    hub: &'a Hub<P>,
    passed_on: bool,
}

impl<P: Protocol> Drop for Sending<'_, P> {
    fn drop(&mut self) {
        if !self.passed_on {
            let target = &self.hub.listener;
            error!(target: target, "{}: sending failed with a panic; all clients are disconnected", P::NAME);
            self.turn.cut_all();
            self.hub.state.lock().sending = false;
        }
    }
}

/// Hands out the numbers of connections. The accept threads of all listeners share this counter. No
/// thread uses these numbers to decide whether it may read other shared data, so the ordering
/// `Relaxed` is enough.
#[derive(Debug, Default)]
pub(super) struct ConnIds(std::sync::atomic::AtomicU64);

impl ConnIds {
    pub(super) fn next(&self) -> ConnId {
        ConnId(1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}
