//! The room, the run and the turn, as in step 6. This step adds the clock, tunnels, and the functions that end all clients
//! when the server stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use matou_protocols::chaton::{ClientFrame, Room};
use matou_protocols::room::{ByConn, ConnId, Effects, Event, Flow, Protocol};
use matou_textbook::{Action, Incoming, Members, new_room};

use super::Stop;
use super::client::{Client, Late};
use super::tunnel;

/// Readers wait while the run has more bytes than this.
const RUN_BYTES: usize = 256 * 1024;

/// How often the clock looks at all time limits. The clock may find a passed limit this much too late, which does not
/// matter for limits of many seconds.
const TICK: Duration = Duration::from_millis(500);

/// The room and its clients. A thread that holds `turn` may lock `state`, the limits or tunnel of a client, or an outbox. No
/// thread may lock `turn` while it holds one of these locks.
pub(crate) struct Hub {
    state: Mutex<State>,
    /// Notified when the run was swapped: the new run has space.
    space: Condvar,
    /// Locked by the thread that set `is_sending`.
    turn: Mutex<Turn>,
}

struct State {
    room: Room,
    run: Run,
    is_sending: bool,
    /// All clients, for the clock.
    clients: ByConn<Arc<Client>>,
    /// True while the server stops. A client that connects then is closed at once, in order.
    is_stopping: bool,
}

/// The effects that the room wants and that are not carried out yet, in order.
#[derive(Default)]
struct Run {
    effects: Effects,
    arrivals: Vec<Arc<Client>>,
    departures: Vec<ConnId>,
}

#[derive(Default)]
struct Turn {
    members: Members,
    clients: ByConn<Recipient>,
}

struct Recipient {
    client: Arc<Client>,
    /// The bytes that this client gets in this round.
    bytes: Vec<u8>,
}

impl Hub {
    pub(crate) fn new() -> Hub {
        let state = State {
            room: new_room(),
            run: Run::default(),
            is_sending: false,
            clients: ByConn::default(),
            is_stopping: false,
        };
        Hub {
            state: Mutex::new(state),
            space: Condvar::new(),
            turn: Mutex::default(),
        }
    }

    pub(crate) fn opened(&self, client: &Arc<Client>, peer: SocketAddr) {
        let mut state = self.state.lock();
        state.run.arrivals.push(Arc::clone(client));
        state.clients.insert(client.id, Arc::clone(client));
        state.handle(client.id, Event::Opened(peer));
        if state.is_stopping {
            state.run.effects.finish(client.id);
        }
        self.settle(state);
    }

    /// Lets the room handle all whole frames of one `read`, and takes the lock only once for them.
    pub(crate) fn frames(&self, id: ConnId, incoming: &mut Incoming) -> Flow {
        let mut state = self.state.lock();
        while state.run.effects.bytes() > RUN_BYTES {
            // Blocks, without the lock, until the thread that has the turn swaps the run.
            self.space.wait(&mut state);
        }
        let flow = incoming.frames(|event| state.handle(id, event));
        self.settle(state);
        flow
    }

    /// Tells the room that the peer sends no more bytes. Returns true if the room closes the connection. The room does not
    /// close the connection if it was joined to another connection in a tunnel.
    pub(crate) fn read_closed(&self, id: ConnId) -> bool {
        let mut state = self.state.lock();
        let flow = state.handle(id, Event::ReadClosed);
        self.settle(state);
        flow == Flow::Closed
    }

    pub(crate) fn gone(&self, id: ConnId) {
        let mut state = self.state.lock();
        state.handle(id, Event::Gone);
        state.clients.remove(&id);
        state.run.departures.push(id);
        self.settle(state);
    }

    /// Runs the clock's thread: it checks all time limits until the server stops. After that, `main` limits how long the
    /// remaining clients may stay.
    pub(crate) fn keep_time(&self, stop: &Stop) {
        while !stop.wait(TICK) {
            self.tick(Instant::now());
        }
    }

    fn tick(&self, now: Instant) {
        let mut state = self.state.lock();
        // The room has time limits of its own, such as the time to answer a request for a private connection.
        let State { room, run, .. } = &mut *state;
        if room.deadline().is_some_and(|deadline| deadline <= now) {
            room.tick(now, &mut run.effects);
        }
        let late = |client: &Arc<Client>| client.late(now).map(|late| (client.id, late));
        let late: Vec<_> = state.clients.values().filter_map(late).collect();
        for (id, late) in late {
            match late {
                Late::Asks(overdue) => {
                    state.handle(id, Event::Overdue(overdue));
                }
                Late::Ends => state.run.effects.cut(id),
            }
        }
        self.settle(state);
    }

    /// Closes all clients in order because the server stops: each client gets its queued bytes, and then FIN.
    pub(crate) fn finish_all(&self) {
        let mut state = self.state.lock();
        state.is_stopping = true;
        let State { clients, run, .. } = &mut *state;
        clients.keys().for_each(|id| run.effects.finish(*id));
        self.settle(state);
    }

    /// Cuts the clients that are still connected when the time for an orderly stop has passed.
    pub(crate) fn cut_all(&self) {
        let state = self.state.lock();
        state.clients.values().for_each(|client| client.cut());
    }

    /// Takes the turn and carries out runs until none is left. Returns at once if another thread has the turn.
    fn settle(&self, mut state: MutexGuard<'_, State>) {
        if state.is_sending {
            return;
        }
        state.is_sending = true;
        drop(state);
        let mut turn = self.turn.lock();
        loop {
            let mut state = self.state.lock();
            if state.run.is_empty() {
                state.is_sending = false;
                return;
            }
            let run = std::mem::take(&mut state.run);
            drop(state);
            self.space.notify_all();
            turn.apply(run);
        }
    }
}

impl State {
    fn handle(&mut self, id: ConnId, event: Event<ClientFrame<'_>>) -> Flow {
        let effects = &mut self.run.effects;
        self.room.step(id, event, Instant::now(), effects)
    }
}

impl Run {
    fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.arrivals.is_empty() && self.departures.is_empty()
    }
}

impl Turn {
    /// Carries one run out. Never blocks. Each recipient gets its bytes in the order of the log, in one call.
    fn apply(&mut self, run: Run) {
        for client in run.arrivals {
            let bytes = Vec::new();
            self.clients.insert(client.id, Recipient { client, bytes });
        }
        let clients = &mut self.clients;
        self.members.dispatch(&run.effects, |action| match action {
            Action::Send(to, bytes) => {
                if let Some(recipient) = clients.get_mut(&to) {
                    recipient.bytes.extend_from_slice(bytes);
                }
            }
            // Before this client's FIN, everything that comes earlier in the log must be sent.
            Action::Finish(id) => {
                flush(clients);
                if let Some(recipient) = clients.get(&id) {
                    recipient.client.finish();
                }
            }
            Action::Cut(id) => {
                if let Some(recipient) = clients.get(&id) {
                    recipient.client.cut();
                }
            }
            Action::Tunnel(one, other) => {
                // Sends the collected bytes first, because ESTABLISHED is among them.
                flush(clients);
                match (clients.get(&one), clients.get(&other)) {
                    (Some(one), Some(other)) => tunnel::join(&one.client, &other.client),
                    // One end has gone. Without this call, the other end would wait for ever.
                    (Some(end), None) | (None, Some(end)) => end.client.cut(),
                    (None, None) => {}
                }
            }
        });
        flush(clients);
        for id in run.departures {
            clients.remove(&id);
        }
    }
}

/// Sends to each recipient the bytes that were collected for it.
fn flush(clients: &mut ByConn<Recipient>) {
    for recipient in clients.values_mut() {
        if !recipient.bytes.is_empty() {
            let bytes = std::mem::take(&mut recipient.bytes);
            recipient.client.outbox.send(&bytes);
        }
    }
}
