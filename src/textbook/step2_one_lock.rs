//! Step 2: a thread per client, and everyone writes to everyone under one lock.
//!
//! Step 1 could not accept while it read. Here each client has a thread that blocks in `read` for this client alone, and
//! the main thread does nothing but accept. All threads share the room, so a mutex guards it. This is the server that most
//! people write first. Run it with `cargo run --release -p matou-textbook --bin one-lock -- 127.0.0.1:7777`; its lesson is
//! `lesson-2.md`.
//!
//! The fault of this step: the thread that relays a message writes to each recipient while it holds the lock. `write` blocks
//! when the recipient's socket is full, and the socket stays full as long as this client does not read. Meanwhile every
//! other thread waits for the lock, so one stalled client stops the whole room.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use matou_protocols::chaton::{ClientFrame, Room};
use matou_protocols::room::{ConnId, Effects, Event, Flow, Protocol};
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
        // Blocks until a client connects. No other thread ever waits for this thread.
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                continue;
            }
        };
        let hall = Arc::clone(&hall);
        // `ps -L` and `/proc/PID/task/*/comm` show at most 15 bytes of a thread's name.
        let client = thread::Builder::new().name(format!("client-{number}"));
        let serve = move || serve(&hall, ConnId(number), &Arc::new(stream), peer);
        if let Err(error) = client.spawn(serve) {
            // The closure was dropped, and the socket with it: the client sees FIN.
            eprintln!("cannot start a thread for a client: {error}; its connection is closed");
        }
    }
    Ok(())
}

/// What all threads share. The lock around it gives all clients the same order of messages.
struct Hall {
    room: Room,
    members: Members,
    /// Several threads write to one socket: the client's own thread writes answers, and the other threads write messages.
    /// The lock keeps their frames apart. Without the lock, half of one frame could land inside another frame.
    clients: HashMap<ConnId, Arc<TcpStream>>,
}

impl Hall {
    /// Lets the room handle one event, and writes the bytes that the room wants to send.
    fn handle(&mut self, id: ConnId, event: Event<ClientFrame<'_>>) -> Flow {
        let mut effects = Effects::default();
        let flow = self.room.step(id, event, Instant::now(), &mut effects);
        let clients = &self.clients;
        self.members
            .dispatch(&effects, |action| carry_out(clients, &action));
        flow
    }
}

/// Does to one connection what the room wants.
fn carry_out(clients: &HashMap<ConnId, Arc<TcpStream>>, action: &Action<'_>) {
    let end = |id, how| {
        if let Some(stream) = clients.get(id) {
            let _ = TcpStream::shutdown(stream, how);
        }
    };
    match action {
        Action::Send(to, bytes) => {
            if let Some(mut stream) = clients.get(to).map(AsRef::<TcpStream>::as_ref)
                // HERE IS THE FAULT. This call blocks while the recipient's socket is full. The thread wakes when the
                // recipient has read and its kernel has sent an ACK that opens the window. Until then the lock is held.
                && stream.write_all(bytes).is_err()
            {
                // Wakes the recipient's own thread in `read`, which then tells the room that the client is gone.
                end(to, Shutdown::Both);
            }
        }
        // FIN follows the last byte. The thread of this client reads on until its peer closes, too.
        Action::Finish(id) => end(id, Shutdown::Write),
        Action::Cut(id) => end(id, Shutdown::Both),
        // Private connections come in step 7. Until then the server closes both connections.
        Action::Tunnel(one, other) => {
            end(one, Shutdown::Both);
            end(other, Shutdown::Both);
        }
    }
}

/// Runs a client's thread.
fn serve(hall: &Mutex<Hall>, id: ConnId, stream: &Arc<TcpStream>, peer: SocketAddr) {
    {
        let mut hall = hall.lock();
        hall.clients.insert(id, Arc::clone(stream));
        hall.handle(id, Event::Opened(peer));
    }
    read(hall, id, stream);
    let mut hall = hall.lock();
    hall.handle(id, Event::Gone);
    // Drops the map's share of the socket. This thread has the last share, so the socket is closed when the thread ends.
    hall.clients.remove(&id);
}

fn read(hall: &Mutex<Hall>, id: ConnId, mut stream: &TcpStream) {
    let mut incoming = Incoming::default();
    let mut chunk = [0; 4096];
    loop {
        // Blocks without the lock, until this client sends something, closes, or is shut down by another thread.
        match stream.read(&mut chunk) {
            Ok(0) => {
                hall.lock().handle(id, Event::ReadClosed);
                return;
            }
            Ok(count) => incoming.push(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        }
        // `lock` blocks while another thread has the lock. The thread that releases the lock wakes a waiting thread.
        let flow = incoming.frames(|event| hall.lock().handle(id, event));
        if flow != Flow::Frames {
            return;
        }
    }
}
