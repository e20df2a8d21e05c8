//! TLS for the server and the client. This code uses no socket: bytes go in, bytes come out.
//!
//! rustls keeps both directions of a connection in one value. If a reading thread owned this value
//! while it is blocked in `read`, no other thread could send. So the mutex of a connection's outbox
//! protects two things: the value [`Tls`], and the queue of encrypted ("sealed") records:
//!
//! * A sending thread takes the lock once, encrypts bytes and queues the records. So the records
//!   are queued in the order of their sequence numbers. The peer would reject any other order.
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
    /// [`Tls::open`] has copied this many bytes of plaintext. The next call may return more
    /// plaintext, even if no more bytes have arrived from the socket.
    Plaintext(usize),
    /// There is no plaintext until more bytes arrive from the socket.
    More,
    /// The peer has sent close_notify: no more plaintext will follow.
    End,
    /// The bytes are not TLS, or were not encrypted for this connection, or the peer has sent an
    /// alert that ends the connection.
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
        // The buffer of rustls needs no limit: `Tls` takes the records out of it at once, and the
        // queue in which they wait has a limit.
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

    /// Encrypts these bytes. Returns the records to send: first the records that TLS itself has to
    /// send, then the records with these bytes.
    pub fn seal(&mut self, plaintext: &[u8]) -> Vec<u8> {
        // The write cannot fail, because the buffer has no limit.
        let _ = self.connection.writer().write_all(plaintext);
        self.outgoing()
    }

    /// Returns a record with close_notify, which tells the peer that nothing will follow. If an
    /// alert has already ended this side, returns no bytes.
    pub fn farewell(&mut self) -> Vec<u8> {
        self.connection.send_close_notify();
        self.outgoing()
    }

    /// Returns the records that TLS itself has to send: handshake messages, alerts, key updates.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            // This write goes into memory, so it cannot fail.
            let _ = self.connection.write_tls(&mut records);
        }
        records
    }

    /// Decrypts records until one record has plaintext, and copies as much of this plaintext as
    /// fits into `plaintext`. Removes the bytes that it has used from `ciphertext`. Never blocks.
    /// If a record cannot be decrypted, this function first returns the plaintext of the earlier
    /// records. A later call returns the error.
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
