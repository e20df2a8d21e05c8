//! Tests the client's TLS with two kinds of servers: servers that follow the TLS standard, and servers that break it.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use rstest::rstest;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::*;
use crate::identity::Fingerprint;
use crate::reach::connect;
use crate::reach::connect::LocalEnd;
use crate::reach::trust::Trust;

/// Time limit for each wait. A test normally takes less than a second. If a test reaches this limit, the client hangs.
const HANG: Duration = Duration::from_secs(120);

/// A server with its own certificate.
struct Server {
    listener: TcpListener,
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
}

impl Server {
    fn start() -> Server {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], private)
            .unwrap();
        Server {
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
            config: Arc::new(config),
            certificate,
        }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    fn pin(&self) -> Trust {
        Trust::Pin(Fingerprint::of(&self.certificate))
    }

    /// Connects a link to this server. Returns the link, and the server's side of the connection.
    fn linked(&self) -> (Link, Peer) {
        self.linked_by(&self.pin())
    }

    fn linked_by(&self, trust: &Trust) -> (Link, Peer) {
        thread::scope(|scope| {
            let peer = scope.spawn(|| Peer::accept(self));
            (self.link(trust).unwrap(), peer.join().unwrap())
        })
    }

    fn link(&self, trust: &Trust) -> io::Result<Link> {
        let port = self.address().port();
        let stream = connect::in_time("127.0.0.1", port, LocalEnd::default(), HANG)?;
        open(stream, "127.0.0.1", &trust.tls().unwrap())
    }
}

/// The server's side of a connection.
struct Peer {
    tls: ServerConnection,
    stream: TcpStream,
}

impl Peer {
    fn accept(server: &Server) -> Peer {
        let (mut stream, _) = server.listener.accept().unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        let mut tls = ServerConnection::new(server.config.clone()).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).unwrap();
        }
        Peer { tls, stream }
    }

    /// Returns the TLS records that wait to be sent, without sending them.
    fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).unwrap();
        }
        records
    }

    fn send(&mut self, text: &[u8]) {
        self.tls.writer().write_all(text).unwrap();
        let records = self.records();
        self.stream.write_all(&records).unwrap();
    }

    /// Reads this many bytes from the client.
    fn receive(&mut self, length: usize) -> Vec<u8> {
        let mut text = vec![0; length];
        let mut have = 0;
        while have < length {
            match self.tls.reader().read(&mut text[have..]) {
                Ok(read) => have += read,
                Err(_) => {
                    self.tls.read_tls(&mut self.stream).unwrap();
                    self.tls.process_new_packets().unwrap();
                }
            }
        }
        text
    }
}

/// Waits for the next report of the link.
fn next(link: &Link) -> Incoming {
    link.incoming().recv_timeout(HANG).unwrap()
}

/// Reads this many bytes from the server.
fn hear(link: &Link, length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < length {
        match next(link) {
            Incoming::Bytes(bytes) => text.extend(bytes),
            other => panic!("{other:?} instead of bytes"),
        }
    }
    text
}

#[test]
fn writes_succeed_while_the_reader_waits() {
    let server = Server::start();
    let (mut link, mut peer) = server.linked();
    for round in 0..20 {
        let text = format!("line {round}").into_bytes();
        link.send(text.clone());
        assert_eq!(peer.receive(text.len()), text);
        peer.send(&text);
        assert_eq!(hear(&link, text.len()), text);
    }
}

#[test]
fn close_notify_in_the_same_segment_as_the_last_bytes_loses_none_of_them() {
    let server = Server::start();
    let (link, mut peer) = server.linked();
    peer.tls.writer().write_all(b"goodbye").unwrap();
    peer.tls.send_close_notify();
    let records = peer.records();
    peer.stream.write_all(&records).unwrap();
    assert_eq!(hear(&link, 7), b"goodbye");
    assert!(matches!(next(&link), Incoming::End));
}

#[test]
fn an_end_without_close_notify_is_an_error() {
    let server = Server::start();
    let (link, mut peer) = server.linked();
    peer.send(b"half a sen");
    peer.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(hear(&link, 10), b"half a sen");
    let Incoming::ReceiveFailed(error) = next(&link) else {
        panic!("the cut was not noticed");
    };
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn close_notify_follows_everything_that_was_sent() {
    let server = Server::start();
    let (mut link, mut peer) = server.linked();
    let text = vec![b'x'; 100_000];
    link.send(text.clone());
    link.shut();
    assert!(peer.receive(text.len()) == text);
    peer.tls.read_tls(&mut peer.stream).unwrap();
    let state = peer.tls.process_new_packets().unwrap();
    assert!(state.peer_has_closed());
    assert!(matches!(next(&link), Incoming::AllSent));
    // The client has ended its direction, but it can still receive.
    peer.send(b"bye");
    assert_eq!(hear(&link, 3), b"bye");
}

#[test]
fn a_key_update_loses_nothing() {
    let server = Server::start();
    let (mut link, mut peer) = server.linked();
    let ours = vec![b'o'; 300_000];
    let theirs = vec![b't'; 300_000];
    for piece in ours.chunks(10_000) {
        link.send(piece.to_vec());
    }
    let said = thread::scope(|scope| {
        let said = scope.spawn(|| {
            for piece in theirs.chunks(30_000) {
                peer.send(piece);
                peer.tls.refresh_traffic_keys().unwrap();
            }
            peer.receive(ours.len())
        });
        assert!(hear(&link, theirs.len()) == theirs);
        while link.blocked_on().is_some() {
            link.push();
            thread::yield_now();
        }
        said.join().unwrap()
    });
    assert!(said == ours);
}

#[test]
fn records_that_come_byte_by_byte_are_read() {
    let server = Server::start();
    let (link, mut peer) = server.linked();
    peer.tls.writer().write_all(b"slowly").unwrap();
    peer.stream.set_nodelay(true).unwrap();
    for byte in peer.records() {
        peer.stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(hear(&link, 6), b"slowly");
}

#[test]
fn garbage_in_place_of_records_ends_it() {
    let server = Server::start();
    let (link, mut peer) = server.linked();
    peer.stream
        .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        .unwrap();
    assert!(matches!(next(&link), Incoming::ReceiveFailed(_)));
}

#[test]
fn a_silent_server_is_given_up() {
    let server = Server::start();
    // The limit includes the time until the server's thread runs, which may be long on a busy machine.
    let limit = Duration::from_secs(1);
    let port = server.address().port();
    let began = Instant::now();
    let stream = connect::in_time("127.0.0.1", port, LocalEnd::default(), limit).unwrap();
    let refused = open(stream, "127.0.0.1", &server.pin().tls().unwrap());
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(began.elapsed() >= limit);
}

#[rstest]
#[case::no_trust(|_: &Server| Trust::None, "add --pin")]
#[case::another(|_: &Server| Trust::Pin(Fingerprint::of(b"another")), "does not match --pin")]
#[case::other_certificates(
    |_: &Server| Trust::Certificates(vec![Server::start().certificate]),
    "do not confirm the server's certificate"
)]
fn the_error_about_an_untrusted_server_shows_its_fingerprint(
    #[case] trust: fn(&Server) -> Trust,
    #[case] says: &str,
) {
    let server = Server::start();
    let refused = thread::scope(|scope| {
        // The client refuses this server during the handshake.
        scope.spawn(|| {
            let (mut stream, _) = server.listener.accept().unwrap();
            let mut tls = ServerConnection::new(server.config.clone()).unwrap();
            while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
        });
        server.link(&trust(&server)).unwrap_err().to_string()
    });
    let seen = Fingerprint::of(&server.certificate).to_string();
    assert!(
        refused.contains(says) && refused.contains(&seen),
        "{refused}"
    );
}

#[test]
fn a_certificate_that_is_known_by_itself_is_trusted() {
    let server = Server::start();
    let trust = Trust::Certificates(vec![server.certificate.clone()]);
    let (link, mut peer) = server.linked_by(&trust);
    peer.send(b"welcome");
    assert_eq!(hear(&link, 7), b"welcome");
}
