//! A server with TLS in this process, and clients whose TLS the test drives step by step: the test chooses which records one
//! write contains.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room, ServerFrame};
use matou_server::net::{Certificate, ConnectionLimits, Engine, ProcessLimits, Service};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};

use crate::support::{PATIENCE, entropy};

pub(super) struct SecureServer {
    pub(super) service: Service,
    pub(super) engine: Engine,
    certificate: Certificate,
    _directory: tempfile::TempDir,
}

impl SecureServer {
    pub(super) fn start() -> SecureServer {
        SecureServer::limited(ConnectionLimits::default())
    }

    pub(super) fn limited(limits: ConnectionLimits) -> SecureServer {
        let directory = tempfile::tempdir().unwrap();
        let certificate = Certificate::kept_in(directory.path()).unwrap();
        let engine = Engine::start(&ProcessLimits::default());
        let room = Room::new(Options::default(), entropy());
        let address = "127.0.0.1:0".parse().unwrap();
        let service = engine
            .listen_tls(
                room,
                Codec::default(),
                address,
                limits,
                |never| match never {},
                &certificate,
            )
            .unwrap();
        SecureServer {
            service,
            engine,
            certificate,
            _directory: directory,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    pub(super) fn connect(&self) -> TlsClient {
        self.connect_with(rustls::DEFAULT_VERSIONS)
    }

    pub(super) fn connect_with(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsClient {
        TlsClient::connect(self.address(), &self.certificate, versions)
    }

    pub(super) fn login(&self, name: &str) -> TlsClient {
        let mut client = self.connect();
        client.login(name);
        client
    }
}

pub(super) struct TlsClient {
    pub(super) tls: ClientConnection,
    pub(super) stream: TcpStream,
    received: VecDeque<u8>,
}

impl TlsClient {
    fn connect(
        address: SocketAddr,
        certificate: &Certificate,
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsClient {
        let mut trusted = RootCertStore::empty();
        let der = CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap();
        trusted.add(der).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        tls.set_buffer_limit(None);
        TlsClient {
            tls,
            stream,
            received: VecDeque::new(),
        }
    }

    /// Does the handshake, except for the client's last records. These records are ready, but not sent yet.
    pub(super) fn shake_hands_but_for_the_end(&mut self) {
        while self.tls.is_handshaking() {
            self.flush();
            self.tls.read_tls(&mut self.stream).unwrap();
            self.tls.process_new_packets().unwrap();
        }
    }

    /// Encrypts a frame. The records are ready to be sent.
    pub(super) fn seal(&mut self, frame: ClientFrame<'_>) {
        let mut bytes = Vec::new();
        frame.encode(Codec::default(), &mut bytes);
        self.seal_bytes(&bytes);
    }

    pub(super) fn seal_bytes(&mut self, bytes: &[u8]) {
        self.tls.writer().write_all(bytes).unwrap();
    }

    /// Returns the records that are ready to be sent.
    pub(super) fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).unwrap();
        }
        records
    }

    /// Sends the records that are ready, with one write.
    pub(super) fn flush(&mut self) {
        let records = self.records();
        self.stream.write_all(&records).unwrap();
    }

    pub(super) fn send(&mut self, frame: ClientFrame<'_>) {
        if self.tls.is_handshaking() {
            self.shake_hands_but_for_the_end();
        }
        self.seal(frame);
        self.flush();
    }

    pub(super) fn say(&mut self, login: &str, msg: &str) {
        self.send(ClientFrame::Message { login, msg });
    }

    pub(super) fn login(&mut self, name: &str) {
        self.send(ClientFrame::Login { login: name });
        assert_eq!(self.next(), "LOGIN_ACCEPTED");
    }

    /// Receives the next frame, and describes it.
    pub(super) fn next(&mut self) -> String {
        self.take(|frame| frame.to_string())
    }

    pub(super) fn expect_message(&mut self, login: &str, msg: &str) {
        self.take(|frame| assert_eq!(frame, ServerFrame::Message { login, msg }));
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

    /// Checks that the server sends close_notify. A close without it fails the test.
    pub(super) fn expect_farewell(&mut self) {
        assert_eq!(self.received.len(), 0);
        assert_eq!(self.read(), 0);
        assert_eq!(self.received.len(), 0);
    }

    /// Reads until plaintext arrives, and returns its length. Returns 0 after close_notify.
    fn read(&mut self) -> usize {
        let mut bytes = [0; 16 << 10];
        loop {
            match self.tls.reader().read(&mut bytes) {
                Ok(length) => {
                    self.received.extend(&bytes[..length]);
                    return length;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            self.tls
                .read_tls(&mut self.stream)
                .expect("the server sends records or closes the connection");
            self.tls
                .process_new_packets()
                .expect("the server sends valid records");
        }
    }
}
