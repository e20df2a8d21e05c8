//! A server in this process, and clients that use Chaton's own codec.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room, ServerFrame};
use matou_protocols::room::Protocol;
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits, Service};

/// The timeout of every wait. It is long, so that only a hang reaches it, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Returns a source of pseudo-random numbers for tests. They are computed from a counter, which is random enough here.
pub(crate) fn entropy() -> Box<dyn FnMut() -> u64 + Send> {
    let mut state = 1_u64;
    Box::new(move || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        state
    })
}

pub(crate) struct Server {
    pub(crate) service: Service,
    pub(crate) engine: Engine,
}

impl Server {
    pub(crate) fn start() -> Server {
        Server::with(ConnectionLimits::default(), ProcessLimits::default())
    }

    pub(crate) fn limited(limits: ConnectionLimits) -> Server {
        Server::with(limits, ProcessLimits::default())
    }

    pub(crate) fn with(limits: ConnectionLimits, process: ProcessLimits) -> Server {
        let options = Options {
            bound_loopback: limits.bound_loopback,
            ..Options::default()
        };
        let room = Room::new(options, entropy());
        Server::serving(room, options.codec(), limits, process)
    }

    /// Serves a room of any protocol.
    pub(crate) fn serving<P: Protocol<Question = Infallible>>(
        room: P,
        codec: P::Codec,
        limits: ConnectionLimits,
        process: ProcessLimits,
    ) -> Server {
        let engine = Engine::start(&process);
        let address = "127.0.0.1:0".parse().unwrap();
        let service = engine.listen(room, codec, address, limits).unwrap();
        Server { service, engine }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address())
    }

    pub(crate) fn login(&self, name: &str) -> Client {
        let mut client = self.connect();
        client.send(ClientFrame::Login { login: name });
        assert_eq!(client.next(), "LOGIN_ACCEPTED");
        client
    }

    /// Tries to log in until the server accepts the login. Early attempts can fail for two reasons. First, the name stays
    /// taken until the server notices that its last owner has gone. Second, a server with short time limits may close a
    /// connection before the test has written its first frame.
    pub(crate) fn login_at_last(&self, name: &str) -> Client {
        let began = Instant::now();
        loop {
            let mut client = self.connect();
            if client.is_accepted_as(name) {
                return client;
            }
            assert!(began.elapsed() < PATIENCE, "{name} is never accepted");
        }
    }

    /// Lets two clients agree on a private connection, and returns its connect_id.
    pub(crate) fn agree(&self, alice: &mut Client, bob: &mut Client) -> i64 {
        let (requester, target) = ("alice", "bob");
        alice.send(ClientFrame::RequestPrivate { requester, target });
        bob.next();
        bob.send(ClientFrame::OkPrivate { requester, target });
        let connect_id = alice.next_id();
        assert_eq!(bob.next_id(), connect_id);
        connect_id
    }

    /// Returns the clients at both ends of an open tunnel between alice and bob.
    pub(crate) fn tunnel(&self, alice: &mut Client, bob: &mut Client) -> (Client, Client) {
        let connect_id = self.agree(alice, bob);
        self.ends(connect_id)
    }

    /// Connects two clients to the tunnel with this connect_id, one for each end.
    pub(crate) fn ends(&self, connect_id: i64) -> (Client, Client) {
        let ends = [self.connect(), self.connect()];
        let [one, other] = ends.map(|mut end| {
            end.send(ClientFrame::LoginPrivate { connect_id });
            end
        });
        let ends = [one, other].map(|mut end| {
            assert_eq!(end.next(), "ESTABLISHED");
            end
        });
        let [one, other] = ends;
        (one, other)
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    received: VecDeque<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        Client::over(TcpStream::connect(address).unwrap())
    }

    /// Returns a client that uses this socket.
    pub(crate) fn over(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            received: VecDeque::new(),
        }
    }

    /// Returns a second handle for the same connection, for a thread that only writes.
    pub(crate) fn with_stream(other: &Client) -> Client {
        Client {
            stream: other.stream.try_clone().unwrap(),
            received: VecDeque::new(),
        }
    }

    pub(crate) fn send(&mut self, frame: ClientFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(Codec::default(), &mut bytes);
        self.raw(&bytes);
    }

    pub(crate) fn say(&mut self, login: &str, msg: &str) {
        self.send(ClientFrame::Message { login, msg });
    }

    pub(crate) fn whisper(&mut self, sender: &str, target: &str, msg: &str) {
        self.send(ClientFrame::MessagePrivate {
            sender,
            target,
            msg,
        });
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Returns whether the server accepts this login. Returns false if the server closes the connection.
    fn is_accepted_as(&mut self, name: &str) -> bool {
        let mut bytes = Vec::new();
        ClientFrame::Login { login: name }.encode(Codec::default(), &mut bytes);
        let _ = self.stream.write_all(&bytes);
        let mut accepted = Vec::new();
        ServerFrame::LoginAccepted.encode(Codec::default(), &mut accepted);
        let mut answer = vec![0; accepted.len()];
        match self.stream.read_exact(&mut answer) {
            Ok(()) => answer == accepted,
            Err(error) => {
                let is_over =
                    error.kind() != ErrorKind::WouldBlock && error.kind() != ErrorKind::TimedOut;
                assert!(is_over, "the server does not answer: {error}");
                false
            }
        }
    }

    /// Receives the next frame, and describes it.
    pub(crate) fn next(&mut self) -> String {
        self.take(|frame| frame.to_string())
    }

    pub(crate) fn next_id(&mut self) -> i64 {
        self.take(|frame| match frame {
            ServerFrame::IdPrivate { connect_id, .. } => connect_id,
            other => panic!("expected ID_PRIVATE, not {other}"),
        })
    }

    fn take<T>(&mut self, look: impl Fn(ServerFrame<'_>) -> T) -> T {
        loop {
            let bytes = self.received.make_contiguous();
            if let Some((frame, length)) = ServerFrame::decode(Codec::default(), bytes).unwrap() {
                let seen = look(frame);
                self.received.drain(..length);
                return seen;
            }
            assert_ne!(self.read(), 0, "the server closed the connection");
        }
    }

    fn read(&mut self) -> usize {
        let mut bytes = vec![0; 64 << 10];
        let length = self
            .stream
            .read(&mut bytes)
            .expect("the server sends bytes or closes the connection");
        self.received.extend(&bytes[..length]);
        length
    }

    /// Reads raw bytes of a tunnel.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            assert_ne!(self.read(), 0, "the tunnel ended");
        }
        self.received.drain(..length).collect()
    }

    /// Reads everything up to the server's FIN. A reset fails the test.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.read() > 0 {}
        self.received.drain(..).collect()
    }

    /// Checks that the next thing to arrive is the server's FIN.
    pub(crate) fn expect_end(&mut self) {
        assert_eq!(self.rest(), b"");
    }

    /// Checks that the server ends the connection, either in order (with FIN) or with a reset.
    pub(crate) fn expect_any_end(&mut self) {
        let mut scrap = [0; 1024];
        loop {
            match self.stream.read(&mut scrap) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) fn shutdown(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Closes with RST.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
}
