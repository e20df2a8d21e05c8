//! The chat server of the textbooks: two threads and a channel for each client. Run it with
//! `cargo run --release --bin textbook -- 127.0.0.1:7777`.
//!
//! It speaks Chaton with the same frames and the same room as `matou serve`. Only the engine around them is different. It is
//! small enough to be read in one sitting. Every course begins with this server, and it is correct: it loses no message, a
//! slow reader delays no other client, and all clients receive the messages in the same order. It has three costs, and they
//! are the reason why `matou_server::net` is built differently:
//!
//! * **A wake-up for each recipient of each message.** The writer of every client sleeps in `recv` until it has
//!   something to send. With a thousand clients, one line of chat wakes a thousand threads, and each of them makes a
//!   system call for a few bytes. This needs twenty times as much CPU time as one thread that makes the same calls
//!   itself.
//! * **Two threads for each client.** The number of threads of a machine is limited. With two threads for each client,
//!   only half as many clients can connect as with one.
//! * **A channel for each client.** The slots of a channel need memory even when they are empty.
//!
//! The first improvement is simple: the writer takes all queued bytes at once and writes them in one call. In a busy
//! room the CPU time falls to a tenth, but in a quiet room it stays the same. Another improvement is better: the sender
//! writes to all clients itself without blocking, and a writer is started only for a client whose socket is full.
//! `matou_server::net` is based on this idea.
//!
//! Some things are left out deliberately: private connections (a LOGIN_PRIVATE is answered as if its connect_id were
//! wrong), time limits, an orderly stop, and a limit on the number of clients.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use parking_lot::Mutex;

use matou_protocols::chaton::{Codec, Options, Room};
use matou_protocols::room::{ConnId, Effect, Effects, Event, Flow, Protocol};

/// Maximum number of queued packets for a client. A client whose queue is full is too slow, so its connection is
/// closed.
const SLOTS: usize = 1024;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:7777"))?;
    println!("listening chaton {}", listener.local_addr()?);
    let options = Options::default();
    let entropy = Box::new(|| getrandom::u64().unwrap_or_default());
    let hall = Arc::new(Mutex::new(Hall {
        room: Room::new(options, entropy),
        clients: HashMap::new(),
        members: HashSet::new(),
        effects: Effects::default(),
    }));
    let mut count = 0;
    for stream in listener.incoming() {
        count += 1;
        // A failed accept (the peer has already left, or no descriptor is free) must not end the server.
        let Ok(stream) = stream else { continue };
        let hall = Arc::clone(&hall);
        let name = format!("reader-{count}");
        let reader = move || serve(&hall, ConnId(count), options.codec(), &stream);
        if let Err(error) = thread::Builder::new().name(name).spawn(reader) {
            eprintln!("cannot start a thread for a client: {error}; the connection is closed");
        }
    }
    Ok(())
}

/// The state that all threads share: the room, and the queues of the clients.
struct Hall {
    room: Room,
    clients: HashMap<ConnId, Client>,
    members: HashSet<ConnId>,
    effects: Effects,
}

struct Client {
    /// The sending end of the queue. The writer has the other end, and stops when this end is dropped.
    queue: Sender<Arc<[u8]>>,
    stream: Arc<TcpStream>,
}

impl Hall {
    /// Lets the room handle one event, and puts the resulting packets into the queues of their recipients. All of this
    /// happens under one lock, so all clients see the same order. Nothing here blocks, so a slow reader delays no other
    /// client.
    fn handle(&mut self, from: ConnId, event: Event<<Room as Protocol>::Command<'_>>) -> Flow {
        let flow = self
            .room
            .step(from, event, Instant::now(), &mut self.effects);
        let effects = std::mem::take(&mut self.effects);
        for effect in effects.log() {
            self.carry_out(&effect);
        }
        flow
    }

    fn carry_out(&mut self, effect: &Effect<'_>) {
        match effect {
            Effect::One(id, bytes) => self.queue(*id, &Arc::from(*bytes)),
            Effect::All(bytes) => self.queue_for_all(None, bytes),
            Effect::AllBut(id, bytes) => self.queue_for_all(Some(*id), bytes),
            Effect::Join(id, _) => {
                self.members.insert(*id);
            }
            Effect::Leave(id) => {
                self.members.remove(id);
            }
            // The writer still writes the packets that are queued, because it sees the end of the channel only after
            // them.
            Effect::Finish(id) => drop(self.clients.remove(id)),
            Effect::Cut(id) => self.cut(*id),
            Effect::Tunnel(one, other) => {
                self.cut(*one);
                self.cut(*other);
            }
        }
    }

    fn queue_for_all(&mut self, but: Option<ConnId>, bytes: &[u8]) {
        let bytes: Arc<[u8]> = Arc::from(bytes);
        let members: Vec<ConnId> = self.members.iter().copied().collect();
        for id in members.into_iter().filter(|id| Some(*id) != but) {
            self.queue(id, &bytes);
        }
    }

    fn queue(&mut self, id: ConnId, bytes: &Arc<[u8]>) {
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        match client.queue.try_send(Arc::clone(bytes)) {
            Ok(()) => {}
            // If this thread waited here for a slow client, all other clients would have to wait too.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.cut(id),
        }
    }

    fn cut(&mut self, id: ConnId) {
        self.members.remove(&id);
        if let Some(client) = self.clients.remove(&id) {
            // Wakes the reader and the writer of this client if they are blocked in `read` or `write`.
            let _ = client.stream.shutdown(Shutdown::Both);
        }
    }
}

/// Runs the reader of a client: blocks in `read`, splits the bytes into frames, and gives them to the room.
fn serve(hall: &Mutex<Hall>, id: ConnId, codec: Codec, stream: &TcpStream) {
    let (Ok(peer), Ok(writing)) = (stream.peer_addr(), stream.try_clone()) else {
        return;
    };
    let writing = Arc::new(writing);
    let (queue, queued) = bounded(SLOTS);
    let client = Client {
        queue,
        stream: Arc::clone(&writing),
    };
    let writer = thread::Builder::new()
        .name(format!("writer-{}", id.0))
        .spawn(move || write(&queued, &writing));
    let Ok(writer) = writer else { return };
    {
        let mut hall = hall.lock();
        hall.clients.insert(id, client);
        hall.handle(id, Event::Opened(peer));
    }
    read(hall, id, codec, stream);
    {
        let mut hall = hall.lock();
        hall.handle(id, Event::Gone);
        hall.members.remove(&id);
        hall.clients.remove(&id);
    }
    // The queue of the client is dropped, so its writer ends as soon as it has written everything.
    let _ = writer.join();
}

fn read(hall: &Mutex<Hall>, id: ConnId, codec: Codec, mut stream: &TcpStream) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = match stream.read(&mut chunk) {
            Ok(0) => {
                hall.lock().handle(id, Event::ReadClosed);
                return;
            }
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        // One read is not one frame: it may contain half a frame, or three and a half frames.
        bytes.extend_from_slice(&chunk[..read]);
        let mut used = 0;
        loop {
            let flow = match Room::decode(&codec, &bytes[used..]) {
                Ok(None) => break,
                Ok(Some((command, length))) => {
                    used += length;
                    hall.lock().handle(id, Event::Command(command))
                }
                Err(malformed) => hall.lock().handle(id, Event::Malformed(malformed)),
            };
            if flow != Flow::Frames {
                return;
            }
        }
        bytes.drain(..used);
    }
}

/// Runs the writer of a client: blocks in `recv`, then in `write`.
fn write(queued: &Receiver<Arc<[u8]>>, mut stream: &TcpStream) {
    for bytes in queued {
        if stream.write_all(&bytes).is_err() {
            // The shutdown wakes the reader of this client, which then tells the room.
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}
