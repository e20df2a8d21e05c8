//! TLS between the socket and the frames, without a socket: bytes go in, bytes come out.
//!
//! rustls keeps the two directions of a connection in one value, and a reader that owned it while blocked in `read` would
//! keep everybody else from sending. So it lies under the outbox's mutex, beside the queue of what it sealed: whoever seals
//! puts the records into the queue before letting go, or they would go out in another order than their numbers say. The
//! reader blocks on the socket without that lock and takes it only to have opened what it read.

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

/// What opening records came to.
#[derive(Debug)]
pub enum Opened {
    /// So many bytes of plaintext; there may be more.
    Plaintext(usize),
    /// Nothing without more bytes from the socket.
    More,
    /// The peer has said that nothing will follow (close_notify).
    End,
    /// The bytes are not TLS, not ours, or the peer gave up.
    Failed(rustls::Error),
}

impl Tls {
    /// The side that was connected to.
    pub fn new(config: &Arc<ServerConfig>) -> Result<Tls, rustls::Error> {
        Ok(Tls::of(ServerConnection::new(Arc::clone(config))?.into()))
    }

    /// The side that connects to a server of this name.
    pub fn to(name: ServerName<'static>, config: &Arc<ClientConfig>) -> Result<Tls, rustls::Error> {
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        Ok(Tls::of(connection.into()))
    }

    fn of(mut connection: Connection) -> Tls {
        // What is sealed is taken out at once; whoever queues it has the bound.
        connection.set_buffer_limit(None);
        Tls {
            connection: Box::new(connection),
            failed: None,
        }
    }

    /// True until the peers have agreed on keys.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// The records for these bytes, behind any that TLS wants sent itself.
    pub fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        // Without a limit its buffer takes everything.
        let _ = self.connection.writer().write_all(plaintext);
        self.outgoing()
    }

    /// The record that says that nothing will follow. Empty behind an alert that said why.
    pub fn farewell(&mut self) -> Vec<u8> {
        self.connection.send_close_notify();
        self.outgoing()
    }

    /// The records that TLS wants sent itself: its side of the handshake, alerts, new keys.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            // Writing into memory cannot fail.
            let _ = self.connection.write_tls(&mut records);
        }
        records
    }

    /// Opens records until there is plaintext, which is taken out as far as it fits. What was opened before a record that
    /// breaks everything still counts.
    pub fn open(&mut self, ciphertext: &mut &[u8], plaintext: &mut [u8]) -> Opened {
        loop {
            match self.connection.reader().read(plaintext) {
                Ok(0) => return Opened::End,
                Ok(length) => return Opened::Plaintext(length),
                // It says so as long as it has nothing.
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
            // A record that is larger than records may be.
            Err(error) => Err(rustls::Error::General(error.to_string())),
        };
        self.failed = processed.err();
    }
}
