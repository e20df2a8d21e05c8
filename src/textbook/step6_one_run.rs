//! Step 6: all senders share one run, and one thread at a time takes the turn.
//!
//! In step 5 a sender held the lock while it sent to everyone. Here the lock is held only while the room handles frames. The
//! effects are appended to a log, the *run*. If no thread is sending, this thread takes the *turn*. It swaps the run for an
//! empty run, releases the lock, and sends to each recipient all its bytes in one call. If another thread is already
//! sending, this thread goes back to `read` at once, because the other thread will find the effects that were appended. This
//! is called combining. Run it with `cargo run --release -p matou-textbook --bin one-run -- 127.0.0.1:7777`; its lesson is
//! `lesson-6.md`.
//!
//! The fault of this step: the server has no limits and no orderly end. A client that connects and says nothing keeps a
//! thread for ever. The accept loop spins when no descriptors are left. Ctrl-C cuts everyone in the middle of a frame.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};

use matou_protocols::chaton::{ClientFrame, Room};
use matou_protocols::room::{ByConn, ConnId, Effects, Event, Flow, Protocol};
use matou_textbook::outbox::Outbox;
use matou_textbook::{Action, Incoming, Members, address, new_room};

/// Readers wait while the run has more bytes than this. Without this bound, fast senders would fill the memory.
const RUN_BYTES: usize = 256 * 1024;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(address())?;
    println!("listening chaton {}", listener.local_addr()?);
    let hub = Arc::new(Hub::new());
    for number in 1.. {
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                continue;
            }
        };
        let hub = Arc::clone(&hub);
        let outbox = Outbox::new(stream);
        let client = thread::Builder::new().name(format!("client-{number}"));
        let serve = move || serve(&hub, ConnId(number), &outbox, peer);
        if let Err(error) = client.spawn(serve) {
            eprintln!("cannot start a thread for a client: {error}; its connection is closed");
        }
    }
    Ok(())
}

/// The room and its clients. A thread that holds `turn` may lock `state` or an outbox. No thread may lock `turn` while it
/// holds one of these locks.
struct Hub {
    /// Held while the room handles frames, and to swap the run. No thread makes a system call while it holds this lock.
    state: Mutex<State>,
    /// Notified when the run was swapped: the new run has space.
    space: Condvar,
    /// Locked by the thread that set `is_sending`.
    turn: Mutex<Turn>,
}

struct State {
    room: Room,
    run: Run,
    /// True while a thread has the turn. The whole design depends on this flag, which is inside the mutex. A thread that
    /// sees `true` knows that the sending thread will lock this mutex again, and look at the run, before it stops.
    is_sending: bool,
}

/// The effects that the room wants and that are not carried out yet, in order.
#[derive(Default)]
struct Run {
    effects: Effects,
    arrivals: Vec<(ConnId, Arc<Outbox>)>,
    departures: Vec<ConnId>,
}

/// What only the sending thread uses. The list of members is here and not in the room, because the room may already have
/// handled messages that are not sent yet.
#[derive(Default)]
struct Turn {
    members: Members,
    clients: ByConn<Recipient>,
}

struct Recipient {
    outbox: Arc<Outbox>,
    /// The bytes that this client gets in this round.
    bytes: Vec<u8>,
}

impl Hub {
    fn new() -> Hub {
        let state = State {
            room: new_room(),
            run: Run::default(),
            is_sending: false,
        };
        Hub {
            state: Mutex::new(state),
            space: Condvar::new(),
            turn: Mutex::default(),
        }
    }

    fn opened(&self, id: ConnId, outbox: &Arc<Outbox>, peer: SocketAddr) {
        let mut state = self.state.lock();
        state.run.arrivals.push((id, Arc::clone(outbox)));
        state.handle(id, Event::Opened(peer));
        self.settle(state);
    }

    /// Lets the room handle all whole frames of one `read`, and takes the lock only once for them.
    fn frames(&self, id: ConnId, incoming: &mut Incoming) -> Flow {
        let mut state = self.state.lock();
        while state.run.effects.bytes() > RUN_BYTES {
            // Blocks, without the lock, until the thread that has the turn swaps the run. Such a thread exists, because the
            // run is not empty.
            self.space.wait(&mut state);
        }
        let flow = incoming.frames(|event| state.handle(id, event));
        self.settle(state);
        flow
    }

    fn read_closed(&self, id: ConnId) {
        let mut state = self.state.lock();
        state.handle(id, Event::ReadClosed);
        self.settle(state);
    }

    fn gone(&self, id: ConnId) {
        let mut state = self.state.lock();
        state.handle(id, Event::Gone);
        state.run.departures.push(id);
        self.settle(state);
    }

    /// Takes the turn and carries out runs until none is left. Returns at once if another thread has the turn.
    fn settle(&self, mut state: MutexGuard<'_, State>) {
        if state.is_sending {
            return;
        }
        state.is_sending = true;
        drop(state);
        // `is_sending` was false, so this blocks at most for a short time, while the previous sender returns and unlocks
        // `turn`.
        let mut turn = self.turn.lock();
        loop {
            let mut state = self.state.lock();
            if state.run.is_empty() {
                // The lock is held: no thread can append anything between the check and this line.
                state.is_sending = false;
                return;
            }
            let run = std::mem::take(&mut state.run);
            drop(state);
            self.space.notify_all();
            // Other threads can handle frames while this one sends.
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
        for (id, outbox) in run.arrivals {
            let bytes = Vec::new();
            self.clients.insert(id, Recipient { outbox, bytes });
        }
        let clients = &mut self.clients;
        self.members.dispatch(&run.effects, |action| match action {
            Action::Send(to, bytes) => {
                if let Some(client) = clients.get_mut(&to) {
                    client.bytes.extend_from_slice(bytes);
                }
            }
            // Before this client's FIN, everything that comes earlier in the log must be sent.
            Action::Finish(id) => {
                flush(clients);
                clients
                    .get(&id)
                    .into_iter()
                    .for_each(|it| it.outbox.finish());
            }
            Action::Cut(id) => clients.get(&id).into_iter().for_each(|it| it.outbox.cut()),
            Action::Tunnel(one, other) => {
                let ends = [clients.get(&one), clients.get(&other)];
                ends.into_iter().flatten().for_each(|it| it.outbox.cut());
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
    for client in clients.values_mut() {
        if !client.bytes.is_empty() {
            client.outbox.send(&std::mem::take(&mut client.bytes));
        }
    }
}

/// Runs a client's thread.
fn serve(hub: &Hub, id: ConnId, outbox: &Arc<Outbox>, peer: SocketAddr) {
    hub.opened(id, outbox, peer);
    read(hub, id, outbox);
    hub.gone(id);
}

fn read(hub: &Hub, id: ConnId, outbox: &Outbox) {
    let mut incoming = Incoming::default();
    let mut chunk = [0; 4096];
    loop {
        // Blocks until this client sends something, closes, or is cut.
        match outbox.stream().read(&mut chunk) {
            Ok(0) => return hub.read_closed(id),
            Ok(count) => incoming.push(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        if hub.frames(id, &mut incoming) != Flow::Frames {
            return;
        }
    }
}
