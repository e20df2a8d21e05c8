//! The hub: one room, the lock around it, and the run, which is the only way out of the room.
//!
//! [`Hub::visit`] is the whole idea. A thread locks the hub, lets the room handle an event, and
//! appends the effects to the run. If another thread is sending, it leaves: that thread will find
//! what was appended. If no thread is sending, it becomes the one that sends.
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
//! So B does not wait while A sends, and still all clients get "hi" before "ho": the order in which
//! the room handled them. When a hundred readers come while A sends, their messages lie in one run,
//! and each client gets them in one `send`. This is why the cost per message falls when the room is
//! busy.
//!
//! The alternative that comes to mind first is to send under the lock. Then every reader would wait
//! for every send, and one full socket would stop the room.

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

/// A room and all its connections.
///
/// Rules of its two locks:
///
/// * `state` is held while a room handles events, and for a swap. Nothing under it blocks, sends,
///   or writes to the log. Of the other locks only the clock's may be taken under it.
/// * `turn` is held by the thread that carries runs out. Only that thread takes it, because
///   `sending` is true meanwhile; a stop that takes too long is the one exception
///   ([`Hub::cut_all`]).
/// * A thread that holds `turn` may lock `state`, never the other way round. [`Hub::send_rounds`]
///   holds both, only to swap the run, and [`Sending`] after a panic.
///
/// The locks are from `parking_lot`: they do not poison. A panic inside a room would leave it half
/// changed and in use, so rooms must not panic. Nothing a peer sends can cause one (the lints of
/// the protocol crate see to that).
pub(super) struct Hub<P: Protocol> {
    state: Mutex<State<P>>,
    /// Notified when the run was swapped: the new one has space.
    space: Condvar,
    /// Locked by the thread that set `sending`, or that was handed the turn.
    turn: Mutex<Turn>,
    /// Finds answers to the room's questions. Has nothing to do with the locks above.
    answers: Answers<P>,
    pub(super) clock: Arc<Clock>,
    pub(super) codec: P::Codec,
    pub(super) limits: Arc<ConnectionLimits>,
    /// The TLS configuration of its connections, where the listener has a certificate.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The listener's name, such as `chaton 127.0.0.1:7777`. It is the target of log lines about
    /// its connections, because the log limits the lines of each target.
    pub(super) listener: Arc<str>,
}

struct State<P> {
    room: P,
    /// What the room wants done and no thread has begun to do.
    run: Run,
    /// True while a thread has the turn. It will look at the run once more before it sets this to
    /// false, under the same lock. So a thread that appends to the run and sees `true` may leave:
    /// no run is forgotten, and no wake-up can be lost.
    sending: bool,
    /// The server stops: the room handles nothing more.
    stopping: bool,
    /// Connections whose `Gone` is yet to come.
    connections: usize,
    /// The deadline of the room that the clock knows.
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

    /// Handles a connection's first event. For its reader, before the first `read`.
    ///
    /// The connection becomes known to the turn through the run's arrivals, so effects that name it
    /// can be carried out. A connection that was accepted just when the server stops is cut at
    /// once.
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

    /// Handles commands of one connection in their order, in one visit.
    ///
    /// It stops after a command that changes how the connection goes on; the iterator keeps the
    /// commands after that one.
    ///
    /// It also stops when the client has said as much as it may for now; the caller then pauses.
    ///
    /// Blocks while the run is full. So senders that are faster than the room are slowed down: they
    /// do not read meanwhile.
    pub(super) fn commands<'a>(
        &self,
        connection: &Connection,
        commands: impl IntoIterator<Item = P::Command<'a>>,
        talk: &mut Talk,
        now: Instant,
    ) -> Flow<P::Question> {
        let mut flow = Flow::Frames;
        // Blocks while another thread is in the room. That takes microseconds: nothing under this
        // lock blocks.
        let mut state = self.state.lock();
        for command in commands {
            while state.run.is_full() {
                if state.sending {
                    // Blocks; releases the lock while it waits and has it again afterwards. The
                    // holder of the turn wakes all waiting readers when it swaps the run. Another
                    // reader may have filled the new run already, or this connection may be closing
                    // now: the loop and `State::handle` look again.
                    self.space.wait(&mut state);
                } else {
                    // No thread would ever swap this run, so this one takes the turn. `settle`
                    // releases the lock.
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

    /// Handles anything else that happened on a connection. Does not wait for space in the run: the
    /// clock calls this too, and so does a connection that ends.
    pub(super) fn event(
        &self,
        connection: &Connection,
        event: Event<P::Command<'_>, P::Answer>,
    ) -> Flow<P::Question> {
        self.visit(|state| state.handle(connection, event, Instant::now()))
    }

    /// Finds the answer to a question that the room asked because of this connection. Blocks for as
    /// long as that takes; no lock of the hub is held, so all other connections go on.
    pub(super) fn answer(
        &self,
        connection: &Connection,
        question: P::Question,
    ) -> Result<P::Answer, Unanswered> {
        let address = connection.peer.ip().to_canonical();
        self.answers.to(address, question)
    }

    /// For any thread. Tells the room that what identified the client of this name is no longer
    /// valid, such as a key that was replaced.
    pub(super) fn revoke(&self, name: &str) {
        self.visit(|state| {
            if !state.stopping {
                state.room.revoke(name, &mut state.run.effects);
            }
        });
    }

    /// Handles a connection's last event. For its reader, when it will read no more.
    ///
    /// The room removes what it knows of the connection and tells others where the protocol says
    /// so. It is called also when the hub stops, to count the connections: the last one ends the
    /// clock's thread.
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

    /// Calls the room at its deadline.
    pub(super) fn tick(&self) {
        self.visit(State::tick);
    }

    /// Finishes every connection and lets the room handle nothing more, so no client is told that
    /// the others leave. Connections that have not ended when the time for draining is over are cut
    /// by the clock's thread.
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

    /// Cuts every connection. Blocks while another thread carries out a run; that takes a bounded
    /// time, because no send in it blocks.
    pub(super) fn cut_all(&self) {
        self.turn.lock().cut_all();
    }

    /// Lets `act` change the state, then sends what has to be sent. The lock is released in
    /// between.
    fn visit<T>(&self, act: impl FnOnce(&mut State<P>) -> T) -> T {
        let mut state = self.state.lock();
        let done = act(&mut state);
        self.settle(state);
        done
    }

    /// Ends a visit: tells the clock the room's deadline, and takes the turn when there is
    /// something to send and no thread sends. Releases the lock before anything is sent.
    fn settle(&self, mut state: MutexGuard<'_, State<P>>) {
        // A hub that stops does not call its room any more, so a deadline would stay in the past.
        // The clock's thread would find it due again and again, and never reach the end.
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
        // From here on this thread is responsible for all that others append, until it says
        // otherwise under the lock.
        state.sending = true;
        drop(state);
        self.send_rounds();
    }

    /// Carries out run after run until none is left. The caller has set `sending`, or was handed
    /// the turn.
    ///
    /// After [`ROUNDS`] rounds it hands the turn to the clock's thread: a reader that went on would
    /// send for others and not serve its own client. `sending` stays true on the way, so no third
    /// thread begins to send.
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
                    // Under the lock: a thread that appends after this sees `false` and sends
                    // itself.
                    state.sending = false;
                    sending.passed_on = true;
                    return;
                }
                std::mem::swap(&mut state.run, &mut sending.turn.run);
            }
            // The lock is free. Readers that waited for space append to the new run while this
            // thread sends the old one.
            self.space.notify_all();
            sending.turn.apply();
        }
        // Other threads have appended all the time: the room is busy. `sending` stays true until
        // the clock's thread is done.
        sending.passed_on = true;
        // Releases the turn first: the clock's thread locks it as soon as it is woken.
        drop(sending);
        self.clock.hand_over_turn();
    }
}

impl<P: Protocol> State<P> {
    /// Lets the room handle an event. Every event of every connection comes here, one at a time:
    /// this is the order that all clients see.
    fn handle(
        &mut self,
        connection: &Connection,
        event: Event<P::Command<'_>, P::Answer>,
        now: Instant,
    ) -> Flow<P::Question> {
        // The connection may have been cut after its reader read the frame and before it got the
        // lock.
        if self.stopping || (connection.is_closing() && counts_only_while_open(&event)) {
            return Flow::Closed;
        }
        self.room
            .step(connection.id, event, now, &mut self.run.effects)
    }

    fn tick(&mut self) {
        // The clock forgot the deadline when it called.
        self.told_clock = None;
        if !self.stopping {
            self.room.tick(Instant::now(), &mut self.run.effects);
        }
    }
}

/// False for the beginning and the end of a connection, which the room must always hear of.
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

/// The turn while a thread holds it.
///
/// If a round panics (a mistake in this server; no peer can cause it), the server does not know
/// which clients were served. Then all connections are cut, `sending` becomes false, and the hub
/// goes on.
struct Sending<'a, P: Protocol> {
    turn: MutexGuard<'a, Turn>,
    hub: &'a Hub<P>,
    passed_on: bool,
}

impl<P: Protocol> Drop for Sending<'_, P> {
    fn drop(&mut self) {
        if !self.passed_on {
            let target = &self.hub.listener;
            error!(target: target, "{}: sending failed with a panic; all clients are cut", P::NAME);
            self.turn.cut_all();
            self.hub.state.lock().sending = false;
        }
    }
}

/// Hands out the numbers of connections. Threads of all listeners share it; only the counter itself
/// matters, so `Relaxed` is enough.
#[derive(Debug, Default)]
pub(super) struct ConnIds(std::sync::atomic::AtomicU64);

impl ConnIds {
    pub(super) fn next(&self) -> ConnId {
        ConnId(1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}
