//! TLS for the server and the client. It has no socket: bytes go in, bytes come out.
//!
//! rustls keeps both directions of a connection in one value. If a reading thread owned this value
//! while it is blocked in `read`, no other thread could send. So the server keeps [`Tls`] under the
//! mutex of a connection's outbox, beside the queue of encrypted ("sealed") records:
//!
//! * A sending thread encrypts and queues under one lock. TLS numbers the records, and the peer
//!   rejects records that arrive in another order.
//! * The reading thread does not hold the lock while it is blocked on the socket. It takes the lock
//!   only to decrypt ("open") the bytes that it has read.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

/// The TLS state of one connection, for a server or for a client.
#[derive(Debug)]
pub struct Tls {
    connection: Box<Connection>,
    failed: Option<rustls::Error>,
}

/// What [`Tls::open`] found.
#[derive(Debug)]
pub enum Opened {
    /// This number of bytes of plaintext. The next call may return more plaintext, even if no more
    /// bytes have come from the socket.
    Plaintext(usize),
    /// There is no plaintext until more bytes come from the socket.
    More,
    /// The peer has sent close_notify: no more plaintext will follow.
    End,
    /// The bytes are not TLS, or do not belong to this connection, or the peer has sent an alert
    /// that ends the connection.
    Failed(rustls::Error),
}

impl Tls {
    /// Makes the server's side of a new connection.
    pub fn new(config: &Arc<ServerConfig>) -> Result<Tls, rustls::Error> {
        Ok(Tls::of(ServerConnection::new(Arc::clone(config))?.into()))
    }

    /// Makes the client's side of a new connection, to a server with this name.
    pub fn to(name: ServerName<'static>, config: &Arc<ClientConfig>) -> Result<Tls, rustls::Error> {
        let connection = ClientConnection::new(Arc::clone(config), name)?;
        Ok(Tls::of(connection.into()))
    }

    fn of(mut connection: Connection) -> Tls {
        // rustls needs no limit here: the records are taken out at once, and the queue that they go
        // to has a limit.
        connection.set_buffer_limit(None);
        Tls {
            connection: Box::new(connection),
            failed: None,
        }
    }

    /// Returns true until the handshake is complete.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Encrypts these bytes. Returns the records to send: first those that TLS itself has to send,
    /// then those with these bytes.
    pub fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        // The write cannot fail, because the buffer has no limit.
        let _ = self.connection.writer().write_all(plaintext);
        self.outgoing()
    }

    /// Returns the record with close_notify, which tells the peer that nothing will follow. Returns
    /// no bytes if an alert has already ended this side.
    pub fn farewell(&mut self) -> Vec<u8> {
        self.connection.send_close_notify();
        self.outgoing()
    }

    /// Returns the records that TLS itself has to send: handshake messages, alerts, key updates.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            // Writing into memory cannot fail.
            let _ = self.connection.write_tls(&mut records);
        }
        records
    }

    /// Decrypts records until one record has plaintext, and copies as much of this plaintext as fits into `plaintext`.
    /// Removes the bytes that it has used from `ciphertext`. Never blocks. If a record cannot be decrypted, the plaintext of
    /// the records before it is returned first, and the error later.
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
            // The record is larger than TLS allows.
            Err(error) => Err(rustls::Error::General(error.to_string())),
        };
        self.failed = processed.err();
    }
}
