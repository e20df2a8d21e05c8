//! The hub: one room, the lock around it, and the run that is the only road out.
//!
//! [`Hub::visit`] is the whole idea: lock, let the room handle, append to the run; if somebody is sending, go away: that
//! thread will see it. If nobody is, become the one who sends. `sending` is part of what the lock guards, so there is no
//! moment in which a run is left behind and no wake-up to lose.

use std::sync::Arc;
use std::time::Instant;

use log::{debug, error};
use rustls::ServerConfig;

use super::clock::{Call, Clock};
use super::connection::Connection;
use super::deadlines::Due;
use super::limits::{ConnectionLimits, DRAIN, LAST_WAIT, ROUNDS};
use super::run::Run;
use super::sync::{Condvar, Mutex, MutexGuard};
use super::turn::Turn;
use super::workers::{Answers, Unanswered};
use super::writers::Writers;
use matou_protocols::room::{ConnId, Event, Flow, Overdue, Protocol};

/// A room and everybody in it.
pub(super) struct Hub<P: Protocol> {
    state: Mutex<State<P>>,
    /// Notified when the run was taken: there is space in the new one.
    space: Condvar,
    turn: Mutex<Turn>,
    answers: Answers<P>,
    pub(super) clock: Arc<Clock>,
    pub(super) writers: Arc<Writers>,
    pub(super) codec: P::Codec,
    pub(super) limits: Arc<ConnectionLimits>,
    /// What its connections are sealed with, if they are.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// What the log calls its listener, such as `chaton 127.0.0.1:7777`. It is the target of what is logged about its
    /// connections: the log limits the messages of each target.
    pub(super) listener: Arc<str>,
}

struct State<P> {
    room: P,
    run: Run,
    /// Somebody has the turn and will look at the run again before giving it up.
    sending: bool,
    /// The room is not asked any more.
    stopping: bool,
    connections: usize,
    /// What the clock was told of the room's deadline.
    told_clock: Option<Instant>,
}

impl<P: Protocol> Hub<P> {
    pub(super) fn new(
        room: P,
        codec: P::Codec,
        limits: ConnectionLimits,
        tls: Option<Arc<ServerConfig>>,
        writers: &Arc<Writers>,
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
            turn: Mutex::new(Turn::new(writers, tunnel_end_delay, &listener)),
            answers,
            clock: Arc::default(),
            writers: Arc::clone(writers),
            codec,
            limits: Arc::new(limits),
            tls,
            listener,
        })
    }

    /// A connection's first event.
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

    /// Commands of one connection, in their order, up to one after which it does not simply go on: the iterator keeps those
    /// behind it. Waits while the run is full: that is how senders who are faster than the room are slowed down.
    pub(super) fn commands<'a>(
        &self,
        connection: &Connection,
        commands: impl IntoIterator<Item = P::Command<'a>>,
        now: Instant,
    ) -> Flow<P::Question> {
        let mut flow = Flow::Frames;
        let mut state = self.state.lock();
        for command in commands {
            while state.run.is_full() {
                if state.sending {
                    self.space.wait(&mut state);
                } else {
                    self.settle(state);
                    state = self.state.lock();
                }
            }
            flow = state.handle(connection, Event::Command(command), now);
            if !matches!(flow, Flow::Frames) {
                break;
            }
        }
        self.settle(state);
        flow
    }

    /// Anything else that happened on a connection. Never waits for space.
    pub(super) fn event(
        &self,
        connection: &Connection,
        event: Event<P::Command<'_>, P::Answer>,
    ) -> Flow<P::Question> {
        self.visit(|state| state.handle(connection, event, Instant::now()))
    }

    /// Finds out what the room asked because of this connection. Takes as long as it takes, and touches nothing of the hub.
    pub(super) fn answer(
        &self,
        connection: &Connection,
        question: P::Question,
    ) -> Result<P::Answer, Unanswered> {
        let address = connection.peer.ip().to_canonical();
        self.answers.to(address, question)
    }

    /// What identified whoever has this name is no longer valid.
    pub(super) fn revoke(&self, name: &str) {
        self.visit(|state| {
            if !state.stopping {
                state.room.revoke(name, &mut state.run.effects);
            }
        });
    }

    /// A connection's last event.
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

    /// What the clock's thread does until the hub ends.
    pub(super) fn keep_time(&self) {
        let mut cut = false;
        loop {
            match self.clock.next() {
                Call::Connections(late) => late.iter().for_each(|one| self.late(one)),
                Call::Room => self.visit(State::tick),
                Call::Turn => self.send_rounds(ROUNDS),
                Call::Stop => self.finish_all(),
                Call::StopOverdue if cut => return,
                Call::StopOverdue => {
                    cut = true;
                    self.turn.lock().cut_all();
                    self.clock.stop_by(Instant::now() + LAST_WAIT);
                }
                Call::End => return,
            }
        }
    }

    /// Finishes every connection and asks the room no more: nobody is told that the others leave.
    fn finish_all(&self) {
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

    fn late(&self, connection: &Arc<Connection>) {
        let now = Instant::now();
        match connection.look_at_deadlines(now) {
            None => {}
            Some(Due::Close) => connection.cut(),
            Some(Due::Progress) => connection.look_at_progress(),
            Some(Due::Handshake) => {
                debug!("{connection}: cut, its TLS handshake took too long");
                connection.cut();
            }
            Some(Due::Overdue(what)) => {
                self.event(connection, Event::Overdue(what));
                // The room may have granted more time; if it has not, the connection is closing and nobody looks.
                match what {
                    Overdue::Frame => connection.expect_frame(Some(now + self.limits.frame)),
                    Overdue::FirstByte => {
                        connection.expect_arrival(Some((now + self.limits.first_byte, what)));
                    }
                    Overdue::Identification => {
                        connection.expect_arrival(Some((now + self.limits.identification, what)));
                    }
                }
            }
        }
    }

    fn visit<T>(&self, act: impl FnOnce(&mut State<P>) -> T) -> T {
        let mut state = self.state.lock();
        let done = act(&mut state);
        self.settle(state);
        done
    }

    /// After a visit: sets the clock, and takes the turn if there is something to send and nobody sends.
    fn settle(&self, mut state: MutexGuard<'_, State<P>>) {
        // While the hub stops, the room is not called any more. The clock would call for a deadline that passes then for
        // ever, and never come to the end.
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
        state.sending = true;
        drop(state);
        self.send_rounds(ROUNDS);
    }

    /// Carries out run after run until there is none, or hands the turn over.
    fn send_rounds(&self, most: usize) {
        let mut sending = Sending {
            turn: self.turn.lock(),
            hub: self,
            passed_on: false,
        };
        for _ in 0..most {
            {
                let mut state = self.state.lock();
                if state.run.is_empty() {
                    state.sending = false;
                    sending.passed_on = true;
                    return;
                }
                std::mem::swap(&mut state.run, &mut sending.turn.run);
            }
            self.space.notify_all();
            sending.turn.apply();
        }
        sending.passed_on = true;
        drop(sending);
        self.clock.hand_over_turn();
    }
}

impl<P: Protocol> State<P> {
    fn handle(
        &mut self,
        connection: &Connection,
        event: Event<P::Command<'_>, P::Answer>,
        now: Instant,
    ) -> Flow<P::Question> {
        if self.stopping || (connection.is_closing() && counts_only_while_open(&event)) {
            return Flow::Closed;
        }
        self.room
            .handle(connection.id, event, now, &mut self.run.effects)
    }

    fn tick(&mut self) {
        // The clock has forgotten the deadline that it called for.
        self.told_clock = None;
        if !self.stopping {
            self.room.tick(Instant::now(), &mut self.run.effects);
        }
    }
}

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

/// The turn, held. If a round panics (which would be a mistake in this server, no peer can cause it) nobody knows who was
/// served and who was not: everybody is cut, and the hub goes on.
struct Sending<'a, P: Protocol> {
    turn: MutexGuard<'a, Turn>,
    hub: &'a Hub<P>,
    passed_on: bool,
}

impl<P: Protocol> Drop for Sending<'_, P> {
    fn drop(&mut self) {
        if !self.passed_on {
            error!(target: &self.hub.listener, "a round broke off: all its connections are cut");
            self.turn.cut_all();
            self.hub.state.lock().sending = false;
        }
    }
}

/// Hands out numbers for connections.
#[derive(Debug, Default)]
pub(super) struct ConnIds(std::sync::atomic::AtomicU64);

impl ConnIds {
    pub(super) fn next(&self) -> ConnId {
        ConnId(1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}
