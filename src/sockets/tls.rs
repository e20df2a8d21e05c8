//! TLS between the socket and the frames, without a socket: bytes go in, bytes come out.
//!
//! rustls keeps both directions of a connection in one value. If a reader owned it while it is
//! blocked in `read`, no other thread could send. So [`Tls`] is under the mutex of the outbox,
//! beside the queue of sealed records:
//!
//! * A thread that sends seals and queues under one lock. Records are numbered, and in another
//!   order the peer would reject them.
//! * The reader blocks on the socket without the lock. It takes the lock only to open what it has
//!   read.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

/// One connection's TLS, on either side.
#[derive(Debug)]
pub struct Tls {
    connection: Box<Connection>,
    failed: Option<rustls::Error>,
}

/// What [`Tls::open`] found.
#[derive(Debug)]
pub enum Opened {
    /// This many bytes of plaintext. More may follow without more bytes from the socket.
    Plaintext(usize),
    /// No plaintext before more bytes come from the socket.
    More,
    /// The peer has said that nothing will follow (close_notify).
    End,
    /// The bytes are not TLS, or not of this connection, or the peer gave up.
    Failed(rustls::Error),
}

impl Tls {
    /// Makes the server's side.
    pub fn new(config: &Arc<ServerConfig>) -> Result<Tls, rustls::Error> {
        Ok(Tls::of(ServerConnection::new(Arc::clone(config))?.into()))
    }

    /// Makes the client's side, for a server of this name.
    pub fn to(name: ServerName<'static>, config: &Arc<ClientConfig>) -> Result<Tls, rustls::Error> {
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        Ok(Tls::of(connection.into()))
    }

    fn of(mut connection: Connection) -> Tls {
        // Sealed records are taken out at once, and the queue that they go to has a bound.
        connection.set_buffer_limit(None);
        Tls {
            connection: Box::new(connection),
            failed: None,
        }
    }

    /// True until the handshake is complete.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Returns the records for these bytes, after those that TLS itself wants sent.
    pub fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        // Cannot fail: its buffer has no limit.
        let _ = self.connection.writer().write_all(plaintext);
        self.outgoing()
    }

    /// Returns the record that says that nothing will follow (close_notify). Empty when an alert
    /// has said so already.
    pub fn farewell(&mut self) -> Vec<u8> {
        self.connection.send_close_notify();
        self.outgoing()
    }

    /// Returns the records that TLS itself wants sent: its side of the handshake, alerts, new keys.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            // Writing into memory cannot fail.
            let _ = self.connection.write_tls(&mut records);
        }
        records
    }

    /// Opens records until one has plaintext, and takes out as much of it as fits. Never blocks.
    /// Plaintext before a record that cannot be opened still counts: it is returned first.
    pub fn open(&mut self, ciphertext: &mut &[u8], plaintext: &mut [u8]) -> Opened {
        loop {
            match self.connection.reader().read(plaintext) {
                Ok(0) => return Opened::End,
                Ok(length) => return Opened::Plaintext(length),
                // `WouldBlock`: no plaintext yet.
                Err(_) => {}
            }
            if let Some(error) = &self.failed {
                return Opened::Failed(error.clone());
            }
            if ciphertext.is_empty() {
                return Opened::More;
            }
            self.feed(ciphertext);
        }
    }

    fn feed(&mut self, ciphertext: &mut &[u8]) {
        let fed = self.connection.read_tls(ciphertext);
        let processed = match fed {
            Ok(_) => self.connection.process_new_packets().map(drop),
            // A record that is larger than TLS allows.
            Err(error) => Err(rustls::Error::General(error.to_string())),
        };
        self.failed = processed.err();
    }
}
