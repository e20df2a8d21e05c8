//! For comparison with the steps of the course: one thread for all clients, and only one call that blocks.
//!
//! All sockets are non-blocking here. The thread blocks in `poll`, until any socket is *ready*: a client connects, bytes
//! have come, or a full socket has space again. Then it does what can be done without waiting, and polls again. This design
//! is called an *event loop*. Run it with `cargo run --release -p matou-textbook --bin one-thread -- 127.0.0.1:7777`; lesson
//! 6 compares it with step 6.
//!
//! What the local variables and the place of a blocked thread tell in the other steps is a field of [`Client`] here: the
//! bytes of half a frame, the bytes that the socket did not take, and how far the end of the connection has come. No
//! function may wait. A function that takes long delays all clients.
//!
//! Like step 6, this server has no private connections, no time limits, and no orderly stop.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

use matou_protocols::chaton::Room;
use matou_protocols::room::{ByConn, ConnId, Effects, Event, Flow, Protocol};
use matou_textbook::{Action, Incoming, Members, address, new_room};

/// The listener's token. Each client's token is its number, and these begin with 1.
const LISTENER: Token = Token(0);

/// Maximum number of bytes that wait for one client. A client that is slower is cut, as in step 5.
const LIMIT: usize = 1 << 20;

/// The effects are carried out when they have more bytes than this.
const RUN_BYTES: usize = 256 * 1024;

/// Maximum number of reads from one client in a round. Without this bound, a client that sends without a pause would keep
/// the thread, and no other client would be served.
const READS: usize = 16;

fn main() -> io::Result<()> {
    let listener = std::net::TcpListener::bind(address())?;
    println!("listening chaton {}", listener.local_addr()?);
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut hall = Hall::new();
    let mut events = Events::with_capacity(1024);
    loop {
        let no_wait = (!hall.unread.is_empty()).then_some(Duration::ZERO);
        // Blocks until a socket becomes ready. No other call in this file blocks.
        match poll.poll(&mut events, no_wait) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for id in std::mem::take(&mut hall.unread) {
            hall.read(id);
        }
        for event in &events {
            match event.token() {
                LISTENER => hall.accept(&listener, poll.registry()),
                Token(number) => hall.read(ConnId(number as u64)),
            }
        }
        // What all clients sent in this round is one run, as in step 6. This also writes to the sockets that have space
        // again.
        hall.carry_out();
    }
}

/// Everything that the server knows. No lock guards it, because there is only one thread.
struct Hall {
    room: Room,
    members: Members,
    clients: ByConn<Client>,
    /// The effects that the room wants and that are not carried out yet.
    effects: Effects,
    /// Clients that were read [`READS`] times in this round. `poll` reports a socket once, when it becomes ready, and not
    /// again before a read has said EAGAIN. So the server itself must remember these clients.
    unread: Vec<ConnId>,
    accepted: usize,
}

struct Client {
    stream: TcpStream,
    incoming: Incoming,
    /// The bytes that the socket has not taken yet.
    unsent: Vec<u8>,
    /// The room has sent its last bytes to this client. FIN follows them.
    is_finishing: bool,
    /// The room has forgotten this client. The socket is closed when `unsent` is empty.
    is_gone: bool,
}

impl Hall {
    fn new() -> Hall {
        Hall {
            room: new_room(),
            members: Members::default(),
            clients: ByConn::default(),
            effects: Effects::default(),
            unread: Vec::new(),
            accepted: 0,
        }
    }

    /// Accepts all clients that wait in the backlog.
    fn accept(&mut self, listener: &TcpListener, registry: &Registry) {
        loop {
            let (mut stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                // EAGAIN: no more clients wait.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // This client has already gone. Others may wait after it.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // For example, no descriptor is free. Then the client stays in the backlog, and `poll` reports the
                // listener only when the next client connects.
                Err(error) => return eprintln!("cannot accept a connection: {error}"),
            };
            self.accepted += 1;
            let token = Token(self.accepted);
            let _ = stream.set_nodelay(true);
            // `poll` reports both: bytes have come, and a full socket has space again.
            let interest = Interest::READABLE | Interest::WRITABLE;
            if let Err(error) = registry.register(&mut stream, token, interest) {
                eprintln!("cannot watch a connection: {error}; it is closed");
                continue;
            }
            let id = ConnId(token.0 as u64);
            self.clients.insert(id, Client::new(stream));
            let event = Event::Opened(peer);
            self.room.step(id, event, Instant::now(), &mut self.effects);
        }
    }

    /// Reads what a client has sent, and lets the room handle each whole frame.
    fn read(&mut self, id: ConnId) {
        let mut chunk = [0; 4096];
        for _ in 0..READS {
            let (room, effects) = (&mut self.room, &mut self.effects);
            let Some(client) = self.clients.get_mut(&id).filter(|it| !it.is_gone) else {
                return;
            };
            let flow = match client.stream.read(&mut chunk) {
                Ok(0) => room.step(id, Event::ReadClosed, Instant::now(), effects),
                Ok(count) => {
                    client.incoming.push(&chunk[..count]);
                    client
                        .incoming
                        .frames(|event| room.step(id, event, Instant::now(), effects))
                }
                // EAGAIN: all bytes that have come are read. `poll` reports the next ones.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => Flow::Closed,
            };
            if flow != Flow::Frames {
                client.is_gone = true;
                room.step(id, Event::Gone, Instant::now(), effects);
                return;
            }
            if self.effects.bytes() > RUN_BYTES {
                self.carry_out();
            }
        }
        self.unread.push(id);
    }

    /// Carries out what the room wants, and writes to each client what its socket takes now.
    fn carry_out(&mut self) {
        let effects = std::mem::take(&mut self.effects);
        let clients = &mut self.clients;
        self.members.dispatch(&effects, |action| match action {
            Action::Send(to, bytes) => {
                if let Some(client) = clients.get_mut(&to).filter(|it| !it.is_finishing) {
                    client.unsent.extend_from_slice(bytes);
                }
            }
            Action::Finish(id) => {
                if let Some(client) = clients.get_mut(&id) {
                    client.is_finishing = true;
                }
            }
            Action::Cut(id) => clients.get_mut(&id).into_iter().for_each(Client::cut),
            // The steps have private connections only from step 7 on.
            Action::Tunnel(one, other) => [one, other]
                .iter()
                .for_each(|id| clients.get_mut(id).into_iter().for_each(Client::cut)),
        });
        self.clients.retain(|_, client| {
            client.flush();
            // Dropping a client closes its socket, which also ends the registration.
            !(client.is_gone && client.unsent.is_empty())
        });
    }
}

impl Client {
    fn new(stream: TcpStream) -> Client {
        Client {
            stream,
            incoming: Incoming::default(),
            unsent: Vec::new(),
            is_finishing: false,
            is_gone: false,
        }
    }

    /// Writes as many bytes as the socket takes now. If bytes are left, `poll` reports when the socket has space again.
    fn flush(&mut self) {
        let mut written = 0;
        while written < self.unsent.len() {
            match self.stream.write(&self.unsent[written..]) {
                Ok(0) => return self.cut(),
                Ok(count) => written += count,
                // EAGAIN: the send buffer is full.
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.cut(),
            }
        }
        self.unsent.drain(..written);
        if self.unsent.len() > LIMIT {
            return self.cut();
        }
        if self.is_finishing && self.unsent.is_empty() {
            // The first of these calls sends FIN. A later call changes nothing.
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }

    /// Closes both directions at once. Then `poll` reports the socket, and the next read returns 0.
    fn cut(&mut self) {
        self.unsent.clear();
        self.is_finishing = true;
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
