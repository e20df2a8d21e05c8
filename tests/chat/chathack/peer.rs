//! A scripted peer. It talks to the server, and has direct connections to the client.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use matou_protocols::chathack::{ClientFrame, MeetingPoint, PeerFrame, ServerFrame};

use super::{Server, Talk};
use crate::program::HANG;

/// A scripted peer that is logged in to the server.
pub(crate) struct Peer {
    stream: TcpStream,
    login: &'static str,
}

impl Peer {
    pub(crate) fn log_in(server: &Server, login: &'static str) -> Peer {
        let stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        let mut peer = Peer { stream, login };
        peer.send(&ClientFrame::Login { login });
        assert_eq!(peer.hear(|frame| frame == ServerFrame::Connected), [3]);
        peer
    }

    pub(crate) fn send(&mut self, frame: &ClientFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Receives the next frame, and checks it with `is_right`.
    fn hear(&mut self, is_right: impl Fn(ServerFrame<'_>) -> bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            bytes.extend(byte);
            if let Some((frame, _)) = ServerFrame::decode(&bytes).unwrap() {
                assert!(is_right(frame), "{frame}");
                return bytes;
            }
        }
    }

    /// Asks the client for a private connection, and lets the client's user accept. Returns the address at which the client
    /// listens, and the id.
    pub(crate) fn ask(&mut self, talk: &mut Talk, receiver: &str) -> (SocketAddr, i64) {
        let sender = self.login;
        self.send(&ClientFrame::PrivateAsking { sender, receiver });
        talk.expect(&format!(
            "-- {sender} asks for a private connection (/accept {sender} or /deny {sender})"
        ));
        talk.say(&format!("/accept {sender}"));
        talk.expect(&format!("-- opening the private connection with {sender}"));
        let answer = self.hear(|frame| matches!(frame, ServerFrame::PrivateValidation { .. }));
        let meeting = match ServerFrame::decode(&answer).unwrap().unwrap().0 {
            ServerFrame::PrivateValidation { login, meeting } if login == receiver => meeting,
            other => panic!("{other}"),
        };
        let place = SocketAddr::new(meeting.address, meeting.port.try_into().unwrap());
        talk.expect(&format!("-- waiting for {sender} to connect to {place}"));
        (place, meeting.id)
    }

    /// Lets the client's user ask this peer for a private connection. The peer answers that it listens at the address
    /// `place`, and that the client must send `id` there.
    pub(crate) fn agree(&mut self, talk: &mut Talk, asker: &str, place: SocketAddr, id: i64) {
        let sender = self.login;
        talk.say(&format!("/private {sender}"));
        self.hear(|frame| frame == ServerFrame::PrivateAsking { sender: asker });
        self.send(&ClientFrame::PrivateValidation {
            sender,
            receiver: asker,
            meeting: MeetingPoint {
                port: place.port().into(),
                address: place.ip(),
                id,
            },
        });
        talk.expect(&format!("-- opening the private connection with {sender}"));
        talk.expect(&format!("-- {sender} is listening at {place}"));
    }
}

/// Returns whether a connection to this address is refused. On loopback, the system may choose the destination port as the
/// source port, too, so that the socket is connected to itself. This also counts as refused.
pub(crate) fn is_refused_at(place: SocketAddr) -> bool {
    let connected = TcpStream::connect(place);
    !connected.is_ok_and(|stream| stream.local_addr().unwrap() != place)
}

/// A direct connection between a test and the client. It does not pass through the server.
pub(crate) struct Direct(TcpStream);

impl Direct {
    pub(crate) fn connect(place: SocketAddr) -> Direct {
        Direct::over(TcpStream::connect(place).unwrap())
    }

    pub(crate) fn accept(listener: &TcpListener) -> Direct {
        Direct::over(listener.accept().unwrap().0)
    }

    fn over(stream: TcpStream) -> Direct {
        stream.set_read_timeout(Some(HANG)).unwrap();
        Direct(stream)
    }

    pub(crate) fn show(&mut self, login: &str, id: i64) {
        self.send(&PeerFrame::Establishment { login, id });
    }

    pub(crate) fn send(&mut self, frame: &PeerFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        self.send_bytes(&bytes);
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        // The client may have closed the connection already; the test checks that later.
        let _ = self.0.write_all(bytes);
    }

    pub(crate) fn expect(&mut self, frame: &PeerFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        let mut came = vec![0; bytes.len()];
        self.0.read_exact(&mut came).unwrap();
        assert_eq!(came, bytes, "expected {frame}");
    }

    /// Expects the client to close the connection without sending anything.
    pub(crate) fn expect_end(mut self) {
        match self.0.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("{other:?} instead of the end"),
        }
    }
}
