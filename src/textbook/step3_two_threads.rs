//! Step 3: a reader, a writer and a bounded channel for each client. This is the chat server of the textbooks.
//!
//! Step 2 wrote to a socket while it held the lock. Here the lock is held only to put bytes into channels, which never
//! blocks. Each client has a second thread, its writer, that takes the bytes out of the channel and blocks in `write` for
//! this client alone. Run it with
//! `cargo run --release -p matou-textbook --bin two-threads -- 127.0.0.1:7777`; its lesson is `lesson-3.md`.
//!
//! The server is correct: it loses no message, a slow reader delays no other client, and all clients receive the messages
//! in the same order. It has four costs, which the next steps reduce:
//!
//! * **A system call for each packet.** Also, the kernel can delay a packet until earlier packets are acknowledged.
//! * **A wake-up for each recipient of each message.** The writer of every client sleeps in `recv` until it has something
//!   to send. With a thousand clients, one line of chat wakes a thousand threads, and each of them makes a system call for
//!   a few bytes.
//! * **Two threads for each client.** So the machine runs out of threads at half as many clients as with one thread each.
//! * **A channel for each client.** The channel allocates all its slots in advance, so they need memory even when they are
//!   empty.
//!
//! Step 7 adds what is missing here: private connections, time limits, an orderly stop, and a bound on the number of
//! clients. Until step 7, the server cuts both ends of a private connection instead of joining them.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use matou_protocols::chaton::{ClientFrame, Room};
use matou_protocols::room::{ConnId, Effects, Event, Flow, Protocol};
use matou_textbook::{Action, Incoming, Members, address, new_room};

/// Maximum number of queued packets for a client. A client with a full queue is too slow, and is cut.
const SLOTS: usize = 1024;

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(address())?;
    println!("listening chaton {}", listener.local_addr()?);
    let hall = Arc::new(Mutex::new(Hall {
        room: new_room(),
        members: Members::default(),
        clients: HashMap::new(),
    }));
    for number in 1.. {
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            // The peer has already left, or no descriptor is free. That must not end the server.
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                continue;
            }
        };
        let hall = Arc::clone(&hall);
        let reader = thread::Builder::new().name(format!("reader-{number}"));
        let serve = move || serve(&hall, ConnId(number), &Arc::new(stream), peer);
        if let Err(error) = reader.spawn(serve) {
            eprintln!("cannot start a thread for a client: {error}; its connection is closed");
        }
    }
    Ok(())
}

/// What all threads share: the room, and the queues of the clients.
struct Hall {
    room: Room,
    members: Members,
    clients: HashMap<ConnId, Client>,
}

struct Client {
    /// The sending end of the queue. The writer has the other end, and stops when this end is dropped.
    queue: Sender<Arc<[u8]>>,
    /// The reader uses one half of the socket, and the writer uses the other half. This third reference is needed only to
    /// shut the socket down.
    stream: Arc<TcpStream>,
}

impl Hall {
    /// Lets the room handle one event, and puts the resulting packets into the queues of their recipients. All of this
    /// happens under one lock, so all clients see the same order. Nothing here blocks.
    fn handle(&mut self, id: ConnId, event: Event<ClientFrame<'_>>) -> Flow {
        let mut effects = Effects::default();
        let flow = self.room.step(id, event, Instant::now(), &mut effects);
        let clients = &mut self.clients;
        self.members
            .dispatch(&effects, |action| carry_out(clients, &action));
        flow
    }
}

/// Does to one connection what the room wants. Never blocks.
fn carry_out(clients: &mut HashMap<ConnId, Client>, action: &Action<'_>) {
    match action {
        Action::Send(to, bytes) => {
            // `try_send` wakes the writer if the writer sleeps in `recv`. `try_send` fails when the queue is full. If this
            // thread waited for a slow reader here, all clients would wait for the slow reader, too. So the server cuts it
            // instead.
            if let Some(client) = clients.get(to)
                && client.queue.try_send(Arc::clone(bytes)).is_err()
            {
                cut(clients, *to);
            }
        }
        // The writer still writes the queued packets, because it sees the end of the channel after them.
        Action::Finish(id) => drop(clients.remove(id)),
        Action::Cut(id) => cut(clients, *id),
        Action::Tunnel(one, other) => {
            cut(clients, *one);
            cut(clients, *other);
        }
    }
}

fn cut(clients: &mut HashMap<ConnId, Client>, id: ConnId) {
    if let Some(client) = clients.remove(&id) {
        // Wakes the reader and the writer of this client, wherever they block: `read` returns 0, `write` returns EPIPE.
        let _ = client.stream.shutdown(Shutdown::Both);
    }
}

/// Runs a client's reader, which owns the client's writer.
fn serve(hall: &Mutex<Hall>, id: ConnId, stream: &Arc<TcpStream>, peer: SocketAddr) {
    let (queue, queued) = bounded(SLOTS);
    let writing = Arc::clone(stream);
    let writer = thread::Builder::new()
        .name(format!("writer-{}", id.0))
        .spawn(move || write(&queued, &writing));
    let Ok(writer) = writer else { return };
    let client = Client {
        queue,
        stream: Arc::clone(stream),
    };
    {
        let mut hall = hall.lock();
        hall.clients.insert(id, client);
        hall.handle(id, Event::Opened(peer));
    }
    read(hall, id, stream);
    {
        let mut hall = hall.lock();
        hall.handle(id, Event::Gone);
        hall.clients.remove(&id);
    }
    // The sending end of the queue is dropped now, so the writer ends as soon as it has written everything.
    let _ = writer.join();
}

fn read(hall: &Mutex<Hall>, id: ConnId, mut stream: &TcpStream) {
    let mut incoming = Incoming::default();
    let mut chunk = [0; 4096];
    loop {
        // Blocks until this client sends something, closes, or is cut.
        match stream.read(&mut chunk) {
            Ok(0) => {
                hall.lock().handle(id, Event::ReadClosed);
                return;
            }
            Ok(count) => incoming.push(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        let flow = incoming.frames(|event| hall.lock().handle(id, event));
        if flow != Flow::Frames {
            return;
        }
    }
}

/// Runs a client's writer.
fn write(queued: &Receiver<Arc<[u8]>>, mut stream: &TcpStream) {
    // Each turn of the loop blocks in `recv` until a packet is queued. The loop ends when the queue is empty and its sending
    // end has been dropped.
    for bytes in queued {
        // Blocks while the socket is full. Only this thread waits for this client.
        if stream.write_all(&bytes).is_err() {
            // Wakes the reader, which tells the room.
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
    // Sends FIN after the last byte.
    let _ = stream.shutdown(Shutdown::Write);
}
