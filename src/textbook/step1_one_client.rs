//! Step 1: one client at a time.
//!
//! The smallest server that speaks Chaton: one thread, one loop, and four system calls (`accept`, `read`, `write`,
//! `close`). Every call that waits is in this file. Run it with
//! `cargo run --release -p matou-textbook --bin one-client -- 127.0.0.1:7777`; its lesson is `lesson-1.md`.
//!
//! Its fault: while the thread waits for bytes of the first client, it does not accept the second. The second client's
//! `connect` succeeds all the same, because the kernel completes the handshake and keeps the connection in the listener's
//! backlog. So the second client seems to be connected, but gets no answer.
//!
//! Three types of the protocol crate appear in this file and in all later steps:
//!
//! * [`Event`]: what happened on one connection, for example "a client connected" or "a whole frame arrived". The server
//!   passes each event to the room.
//! * [`Effects`]: the list of what the room wants to be done after an event, for example "send these bytes to all clients".
//!   The room only fills the list, and the server carries it out.
//! * [`Flow`]: the room's answer to an event. It says how this connection continues: the server reads more frames
//!   (`Flow::Frames`), or the connection ends (`Flow::Closed`). `Flow::Raw` begins a private connection (step 7).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use matou_protocols::chaton::{ClientFrame, Room};
use matou_protocols::room::{ConnId, Effects, Event, Flow, Protocol};
use matou_textbook::{Action, Incoming, Members, address, new_room};

fn main() -> io::Result<()> {
    // `bind` also calls `listen`: from now on the kernel accepts connections for this program.
    let listener = TcpListener::bind(address())?;
    println!("listening chaton {}", listener.local_addr()?);
    let mut hall = Hall {
        room: new_room(),
        members: Members::default(),
    };
    for number in 1.. {
        // Blocks until the backlog has a connection. The kernel wakes this thread when a handshake is complete.
        match listener.accept() {
            Ok((stream, peer)) => serve(&mut hall, ConnId(number), &stream, peer),
            // For example, the client has already reset its connection. That must not end the server.
            Err(error) => eprintln!("cannot accept a connection: {error}"),
        }
        // `stream` was dropped, which calls `close`. The kernel sends FIN after the bytes that were written.
    }
    Ok(())
}

/// What the server knows: the room, and the clients that receive messages to everyone.
struct Hall {
    room: Room,
    members: Members,
}

/// Serves one client, from its first byte to its last. The first event of a client is always `Opened`, and the last one is
/// `Gone`.
fn serve(hall: &mut Hall, id: ConnId, stream: &TcpStream, peer: SocketAddr) {
    if hall.handle(id, Event::Opened(peer), stream) == Flow::Frames {
        read(hall, id, stream);
    }
    // However the connection ended, the room forgets the client, and its login becomes free.
    hall.handle(id, Event::Gone, stream);
}

fn read(hall: &mut Hall, id: ConnId, mut stream: &TcpStream) {
    let mut incoming = Incoming::default();
    let mut chunk = [0; 4096];
    loop {
        // Blocks until at least one byte, FIN or RST has come. It does not wait until the chunk is full.
        match stream.read(&mut chunk) {
            // EOF: the peer sent FIN and sends no more bytes. `read` returns 0 in no other case.
            Ok(0) => {
                hall.handle(id, Event::ReadClosed, stream);
                return;
            }
            Ok(count) => incoming.push(&chunk[..count]),
            // A signal interrupted the call before a byte came.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Mostly ECONNRESET: the peer sent RST. Nothing can be read or written any more.
            Err(_) => return,
        }
        let flow = incoming.frames(|event| hall.handle(id, event, stream));
        if flow != Flow::Frames {
            return;
        }
    }
}

impl Hall {
    /// Lets the room handle one event, and writes the bytes that the room wants to send.
    fn handle(
        &mut self,
        id: ConnId,
        event: Event<ClientFrame<'_>>,
        mut stream: &TcpStream,
    ) -> Flow {
        // The list is empty at first. `step` appends to it what the room wants.
        let mut effects = Effects::default();
        let flow = self.room.step(id, event, Instant::now(), &mut effects);
        // `dispatch` finds the clients that each entry of the list concerns.
        self.members.dispatch(&effects, |action| {
            // No other client is connected, so every action concerns this client. `Finish` and `Cut` need no code here: the
            // room also returns `Flow::Closed`, so the loop in `read` ends, and `main` closes the socket.
            if let Action::Send(to, bytes) = action
                && to == id
            {
                // `write_all` calls `write` until all bytes are in the socket's send buffer. When the buffer is full, it
                // blocks until the peer has read some bytes. An error is ignored here, because the next `read` reports it,
                // too.
                let _ = stream.write_all(bytes);
            }
        });
        flow
    }
}
