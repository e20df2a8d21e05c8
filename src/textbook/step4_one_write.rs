//! Step 4: the writer drains its channel into one write.
//!
//! In step 3 a writer makes one system call for each packet. A system call costs about a microsecond, even for a few bytes.
//! When several packets wait in the queue, this writer takes all of them and passes them to the kernel in one `writev`. Only
//! the functions `write` and `write_all` differ from step 3. Run it with
//! `cargo run --release -p matou-textbook --bin one-write -- 127.0.0.1:7777`; its lesson is `lesson-4.md`.
//!
//! This server also sets TCP_NODELAY. Without it the kernel keeps a small packet back while an earlier packet is not
//! acknowledged (Nagle's algorithm), in the hope that more bytes come. This server does not need this delay, because the
//! writer collects the queued packets itself.
//!
//! The gain grows with the load: the more packets wait, the fewer calls each of them needs. The writer never delays a packet
//! to wait for others, so latency does not grow. The fault of this step: in a quiet room the queue never has more than one
//! packet. Then this server does exactly what step 3 does, and wakes a thread for each recipient of each message.

use std::collections::HashMap;
use std::io::{self, IoSlice, Read, Write};
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

/// Maximum number of packets in one write. Linux refuses more than 1024 pieces (`IOV_MAX`); beyond a few dozen, more pieces
/// save nothing.
const PIECES: usize = 64;

/// Runs a client's writer.
fn write(queued: &Receiver<Arc<[u8]>>, stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    // Blocks until a packet is queued, as in step 3. The loop ends when the queue is empty and its sending end has been
    // dropped.
    while let Ok(first) = queued.recv() {
        let mut packets = vec![first];
        // Takes all other packets that are queued now, and does not wait for more. Waiting would delay every message.
        packets.extend(queued.try_iter().take(PIECES - 1));
        if write_all(stream, &packets).is_err() {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}

/// Writes all packets with as few system calls as possible. Blocks while the socket is full.
fn write_all(mut stream: &TcpStream, packets: &[Arc<[u8]>]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = packets.iter().map(|packet| IoSlice::new(packet)).collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        match stream.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            // The kernel took some of the bytes, perhaps up to the middle of a packet. The next call begins there.
            Ok(count) => IoSlice::advance_slices(&mut left, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
