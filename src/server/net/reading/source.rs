//! Where a reader's bytes come from: the socket itself, or TLS on top of it.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use log::debug;

use crate::net::connection::Connection;
use crate::net::tls::Opened;

/// Bytes of the buffer for records at first: enough for a quiet client.
const CIPHERTEXT: usize = 4 << 10;

/// Bytes of the same buffer for a client that fills the small one: a whole record, with what TLS
/// adds to it.
const LARGE_CIPHERTEXT: usize = 18 << 10;

/// A connection's bytes, as its reader gets them.
pub(in crate::net) enum Source<'a> {
    /// Without TLS.
    Plain(&'a Connection),
    /// Out of TLS records.
    Tls(Records<'a>),
}

/// Records that were read from the socket and are not opened yet. The reader's own; the keys are
/// under the outbox's lock.
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

    /// Reads once, blocking. Returns 0 when no more will come.
    pub(in crate::net) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(connection) => connection.read(into),
            Source::Tls(records) => records.read(into),
        }
    }
}

impl Records<'_> {
    /// Returns plaintext that was opened already, before it blocks for more records: the peer may
    /// be waiting for the answer to it, and then no record comes.
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
                // An attacker on the way may have cut off the end of what the peer said. The
                // connection ends in any case, and half a frame is never acted on.
                debug!("{} ended without close_notify", self.connection);
                return Ok(0);
            }
        }
    }

    /// Takes plaintext out of the records. Takes the outbox's lock for a moment. Records that TLS
    /// itself wants sent go the same way as everything that is sent, so this never blocks.
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

    /// Reads records. Blocks, with no lock held. Only called when everything that was read is
    /// opened.
    fn refill(&mut self) -> io::Result<usize> {
        let length = self.connection.read(&mut self.ciphertext)?;
        self.unopened = 0..length;
        if length == CIPHERTEXT {
            // A busy sender: from now on more bytes are read at a time.
            self.ciphertext.resize(LARGE_CIPHERTEXT, 0);
        }
        Ok(length)
    }
}
