//! The chat server of the textbooks: two threads and a channel for each client. Run it with
//! `cargo run --release --bin textbook -- 127.0.0.1:7777`.
//!
//! It speaks Chaton with the same frames and the same room as `matou serve`; only the engine around them is another one, small
//! enough to be read at one sitting. It is where every course begins, and it is right: nothing is lost, nobody waits for a
//! slow reader, and the order is the same for everybody. This is what it costs, and why `matou_server::net` is built otherwise:
//!
//! * **A wake-up for each recipient of each message.** The writer of every client sleeps in `recv` until there is something
//!   for it: a thousand clients are a thousand threads to wake for one line of chat, and each of them then makes a system
//!   call for a few bytes. That is twenty times the CPU of one thread that makes the same calls itself.
//! * **Two threads for each client**: half as many clients before the machine has no more of them.
//! * **A channel for each client**, whose slots are memory whether they are used or not.
//!
//! Let the writer take all that waits at once, and write it in one call: a tenth of the cost in a busy room, and nothing
//! gained in a quiet one. Let the sender write to everybody itself without blocking, and start a writer only for a client
//! whose socket is full: that is where `matou_server::net` begins.
//!
//! Deliberately not here: private connections (a LOGIN_PRIVATE is answered as if its connect_id were wrong), time limits,
//! an orderly stop, and a bound on the number of clients.

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

/// What may wait for a client before it counts as too slow.
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
        // An accept that failed (the peer has left already, no descriptors) must not end the server.
        let Ok(stream) = stream else { continue };
        let hall = Arc::clone(&hall);
        let name = format!("reader-{count}");
        let reader = move || serve(&hall, ConnId(count), options.codec(), &stream);
        if let Err(error) = thread::Builder::new().name(name).spawn(reader) {
            eprintln!("a client is turned away: {error}");
        }
    }
    Ok(())
}

/// Everything that the threads share: the room, and where to leave what it wants sent.
struct Hall {
    room: Room,
    clients: HashMap<ConnId, Client>,
    members: HashSet<ConnId>,
    effects: Effects,
}

struct Client {
    /// Its writer takes from the other end. Dropping this is how the writer learns that there will be no more.
    queue: Sender<Arc<[u8]>>,
    stream: Arc<TcpStream>,
}

impl Hall {
    /// One event: the room handles it, and everybody's share of what follows goes into their channels. All of it happens
    /// under one lock, so everybody sees the same order; nothing in it blocks, so nobody waits for a slow reader.
    fn handle(&mut self, from: ConnId, event: Event<<Room as Protocol>::Command<'_>>) -> Flow {
        let flow = self
            .room
            .handle(from, event, Instant::now(), &mut self.effects);
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
            // What is queued is still written: the channel is drained before its end is seen.
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
            // To wait for a slow reader here would mean that everybody waits for it.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.cut(id),
        }
    }

    fn cut(&mut self, id: ConnId) {
        self.members.remove(&id);
        if let Some(client) = self.clients.remove(&id) {
            // Wakes its reader and its writer, wherever they block.
            let _ = client.stream.shutdown(Shutdown::Both);
        }
    }
}

/// A client's reader: blocks in `read`, cuts what came into frames, and takes them to the room.
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
    // Its queue is dropped, so it ends as soon as everything is written.
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
        // One read is not one frame: it may be half of one, or three and a half.
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

/// A client's writer: blocks in `recv`, then in `write`.
fn write(queued: &Receiver<Arc<[u8]>>, mut stream: &TcpStream) {
    for bytes in queued {
        if stream.write_all(&bytes).is_err() {
            // The reader learns of it, too, and tells the room.
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}
