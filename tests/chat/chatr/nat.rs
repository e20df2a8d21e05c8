//! Two small NATs, one for each client. They change only the addresses of datagrams, not the port numbers. To the server,
//! each client seems to connect from the address of its NAT. If a datagram arrives at this address on the clients' port, the
//! NAT sends it on to the client. On the way, some datagrams are lost, duplicated or delayed.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use socket2::{Domain, Socket, Type};

pub(super) struct Nat {
    /// For each client, the address of its relay. The client connects to the relay, and the relay connects to the server.
    pub(super) ways: [String; 2],
    sockets: [Arc<UdpSocket>; 2],
    over: Arc<AtomicBool>,
    weather: [JoinHandle<Seen>; 2],
}

/// Counts how many datagrams the NATs have lost, duplicated and swapped.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) lost: u32,
    pub(super) doubled: u32,
    pub(super) swapped: u32,
}

impl Nat {
    /// Starts both NATs. `clients` contains two addresses for each of the two clients: its own and that of its NAT.
    pub(super) fn between(clients: [(&str, &str); 2], port: &str, server: &str) -> Nat {
        let port = port.parse().unwrap();
        let server: SocketAddr = server.parse().unwrap();
        let sockets =
            clients.map(|(_, outside)| Arc::new(UdpSocket::bind((outside, port)).unwrap()));
        let over = Arc::new(AtomicBool::new(false));
        let weather = [0, 1].map(|to| {
            let from = 1 - to;
            let way = Way {
                // A datagram for this client arrives at the socket of this client's NAT. It leaves from the socket of the
                // other client's NAT, so that this client sees that NAT as the sender.
                arrives: sockets[to].clone(),
                leaves: sockets[from].clone(),
                from: SocketAddr::new(clients[from].0.parse().unwrap(), port),
                to: SocketAddr::new(clients[to].0.parse().unwrap(), port),
                over: over.clone(),
            };
            thread::spawn(move || way.run())
        });
        Nat {
            ways: clients.map(|(_, outside)| relay(outside.parse().unwrap(), server)),
            sockets,
            over,
            weather,
        }
    }

    /// Stops both NATs. Returns what happened to the datagrams in both directions.
    pub(super) fn end(self) -> Seen {
        self.over.store(true, Ordering::Release);
        for socket in &self.sockets {
            socket.send_to(&[], socket.local_addr().unwrap()).unwrap();
        }
        let mut all = Seen::default();
        for way in self.weather {
            let seen = way.join().unwrap();
            all.lost += seen.lost;
            all.doubled += seen.doubled;
            all.swapped += seen.swapped;
        }
        all
    }
}

/// One direction between the two clients.
struct Way {
    arrives: Arc<UdpSocket>,
    leaves: Arc<UdpSocket>,
    from: SocketAddr,
    to: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Way {
    fn run(self) -> Seen {
        let mut seen = Seen::default();
        let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
        let mut held: Option<Vec<u8>> = None;
        let mut lost_in_a_row = 0;
        let mut buffer = [0; 2048];
        loop {
            let received = self.arrives.recv_from(&mut buffer);
            if self.over.load(Ordering::Acquire) {
                return seen;
            }
            let Ok((length, from)) = received else {
                continue;
            };
            if from != self.from {
                continue;
            }
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let datagram = &buffer[..length];
            match (chance >> 11) % 100 {
                // At most two datagrams in a row are lost: more losses would only make the test slow.
                0..20 if lost_in_a_row < 2 => {
                    lost_in_a_row += 1;
                    seen.lost += 1;
                    continue;
                }
                20..30 => {
                    self.pass(datagram);
                    self.pass(datagram);
                    seen.doubled += 1;
                }
                30..45 if held.is_none() => {
                    held = Some(datagram.to_vec());
                    continue;
                }
                _ => self.pass(datagram),
            }
            lost_in_a_row = 0;
            if let Some(late) = held.take() {
                self.pass(&late);
                seen.swapped += 1;
            }
        }
    }

    fn pass(&self, datagram: &[u8]) {
        // The client may have ended already. Then nothing receives the datagram.
        let _ = self.leaves.send_to(datagram, self.to);
    }
}

/// Relays one connection to the server, and uses `outside` as the source address. Returns the address at which the client
/// connects to the relay.
fn relay(outside: Ipv4Addr, server: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((outside, 0)).into()).unwrap();
        socket.connect(&server.into()).unwrap();
        let server = TcpStream::from(socket);
        let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || pump(back.0, back.1));
        pump(client, server);
    });
    address
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // One side may have closed its connection already. Then this copy ends with an error.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
