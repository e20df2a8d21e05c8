//! Step 5: the sender sends to each recipient itself, without blocking.
//!
//! Steps 3 and 4 woke a thread for each recipient, although nearly every socket has space for a line of chat. Here the
//! thread that read a message also sends it to everyone, with a call that never blocks. A writer thread exists only while a
//! client's socket is full: see `outbox.rs`, the subject of this step. So a client costs one thread and not two. Run it with
//! `cargo run --release -p matou-textbook --bin direct-send -- 127.0.0.1:7777`; its lesson is `lesson-5.md`.
//!
//! The fault of this step: a thousand sends under one lock take about a millisecond, and all other senders wait during this
//! time. Packets of different senders are never sent together, so each packet costs a system call per recipient, as in step
//! 3.

use std::collections::HashMap;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use matou_protocols::chaton::{ClientFrame, Room};
use matou_protocols::room::{ConnId, Effects, Event, Flow, Protocol};
use matou_textbook::outbox::Outbox;
use matou_textbook::{Action, Incoming, Members, address, new_room};

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
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                continue;
            }
        };
        let hall = Arc::clone(&hall);
        let outbox = Outbox::new(stream);
        let client = thread::Builder::new().name(format!("client-{number}"));
        let serve = move || serve(&hall, ConnId(number), &outbox, peer);
        if let Err(error) = client.spawn(serve) {
            eprintln!("cannot start a thread for a client: {error}; its connection is closed");
        }
    }
    Ok(())
}

/// What all threads share. A thread that holds this lock may take the lock of an outbox. A thread that holds the lock of an
/// outbox must not take this lock. Two threads that take two locks in different orders can wait for each other for ever.
struct Hall {
    room: Room,
    members: Members,
    clients: HashMap<ConnId, Arc<Outbox>>,
}

impl Hall {
    /// Lets the room handle one event, and sends the bytes that the room wants to send. This is step 2 again, with one
    /// difference: no call in this function blocks.
    fn handle(&mut self, id: ConnId, event: Event<ClientFrame<'_>>) -> Flow {
        let mut effects = Effects::default();
        let flow = self.room.step(id, event, Instant::now(), &mut effects);
        let client = |id| self.clients.get(&id);
        self.members.dispatch(&effects, |action| match action {
            Action::Send(to, bytes) => client(to).into_iter().for_each(|it| it.send(bytes)),
            Action::Finish(id) => client(id).into_iter().for_each(|it| it.finish()),
            Action::Cut(id) => client(id).into_iter().for_each(|it| it.cut()),
            Action::Tunnel(one, other) => {
                let ends = [client(one), client(other)];
                ends.into_iter().flatten().for_each(|it| it.cut());
            }
        });
        flow
    }
}

/// Runs a client's only thread.
fn serve(hall: &Mutex<Hall>, id: ConnId, outbox: &Arc<Outbox>, peer: SocketAddr) {
    {
        let mut hall = hall.lock();
        hall.clients.insert(id, Arc::clone(outbox));
        hall.handle(id, Event::Opened(peer));
    }
    read(hall, id, outbox);
    let mut hall = hall.lock();
    hall.handle(id, Event::Gone);
    // If a writer is still at work, it keeps the socket open until it has written everything.
    hall.clients.remove(&id);
}

fn read(hall: &Mutex<Hall>, id: ConnId, outbox: &Outbox) {
    let mut incoming = Incoming::default();
    let mut chunk = [0; 4096];
    loop {
        // Blocks until this client sends something, closes, or is cut. While this thread relays a message for its client,
        // it does not read: a client cannot send faster than the room can relay.
        match outbox.stream().read(&mut chunk) {
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
