//! Where a reader's bytes come from: directly from the socket, or through TLS.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use log::debug;

use crate::net::connection::Connection;
use crate::net::tls::Opened;

/// Size in bytes of a new buffer for TLS records: enough for a quiet client.
const CIPHERTEXT: usize = 4 << 10;

/// Size in bytes of the buffer for a client that has filled the small buffer. A whole record fits
/// into this buffer, with the bytes that TLS adds.
const LARGE_CIPHERTEXT: usize = 18 << 10;

/// The source from which a reader gets the bytes of its connection.
pub(in crate::net) enum Source<'a> {
    /// Without TLS.
    Plain(&'a Connection),
    /// With TLS: the bytes come from the decrypted records.
    Tls(Records<'a>),
}

/// Records that were read from the socket and are not decrypted yet. Only the reader uses them. The
/// keys to decrypt them are in the outbox, under its lock.
pub(in crate::net) struct Records<'a> {
    connection: &'a Arc<Connection>,
    ciphertext: Vec<u8>,
    unopened: Range<usize>,
    handshaking: bool,
}

impl<'a> Source<'a> {
    pub(in crate::net) fn new(connection: &'a Arc<Connection>) -> Source<'a> {
        if !connection.outbox.is_sealed() {
            return Source::Plain(connection);
        }
        Source::Tls(Records {
            connection,
            ciphertext: vec![0; CIPHERTEXT],
            unopened: 0..0,
            handshaking: true,
        })
    }

    /// Calls `read` once, and blocks until bytes arrive or the connection ends. Returns 0 at EOF:
    /// no more bytes will arrive.
    pub(in crate::net) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(connection) => connection.read(into),
            Source::Tls(records) => records.read(into),
        }
    }
}

impl Records<'_> {
    /// Returns plaintext from the records that have arrived. Blocks until more records arrive, but
    /// only when the records that are here contain no plaintext. While they contain plaintext, this
    /// method must not block: the peer may be waiting for the answer to that plaintext, and then it
    /// sends no more records. Returns 0 at EOF, after the peer's close_notify, and when TLS fails.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.open(into) {
                Opened::Plaintext(length) => return Ok(length),
                Opened::End => return Ok(0),
                Opened::Failed(error) => {
                    debug!("{}: TLS failed: {error}", self.connection);
                    return Ok(0);
                }
                Opened::More => {}
            }
            if self.refill()? == 0 {
                // EOF without close_notify: perhaps an attacker on the network has removed the last
                // bytes that the peer sent. This does no harm: the connection ends in any case, and
                // the server ignores an incomplete frame.
                debug!("{} ended without close_notify", self.connection);
                return Ok(0);
            }
        }
    }

    /// Decrypts records and returns their plaintext. Holds the outbox's lock for a moment. TLS
    /// itself may have records to send. They go through the outbox like all other bytes, so this
    /// method never blocks.
    fn open(&mut self, into: &mut [u8]) -> Opened {
        let mut ciphertext = &self.ciphertext[self.unopened.clone()];
        let (opened, handshaking) = self.connection.open(&mut ciphertext, into);
        self.unopened.start = self.unopened.end - ciphertext.len();
        if self.handshaking && !handshaking {
            self.handshaking = false;
            self.connection.expect_first_byte();
        }
        opened
    }

    /// Reads records. Blocks in `read`, with no lock held, until bytes arrive; returns 0 at EOF.
    /// Call this only when all records that were read before are decrypted.
    fn refill(&mut self) -> io::Result<usize> {
        let length = self.connection.read(&mut self.ciphertext)?;
        self.unopened = 0..length;
        if length == CIPHERTEXT {
            // The client sends fast, so from now on each `read` gets more bytes.
            self.ciphertext.resize(LARGE_CIPHERTEXT, 0);
        }
        Ok(length)
    }
}
