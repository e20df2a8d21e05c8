//! Where a reader's bytes come from: the socket itself, or TLS on top of it.

use std::io::{self, Read};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::Arc;

use log::debug;

use super::connection::Connection;
use super::tls::Opened;
use super::writers::Writers;

/// Enough for a quiet client.
const CIPHERTEXT: usize = 4 << 10;

/// For a client that fills the small one: a whole record, with what TLS adds to it.
const LARGE_CIPHERTEXT: usize = 18 << 10;

/// A connection's bytes, as its reader gets them.
pub(super) enum Source<'a> {
    /// As they are.
    Plain(&'a TcpStream),
    /// Out of TLS records.
    Tls(Records<'a>),
}

/// What was read from the socket and is not opened yet.
pub(super) struct Records<'a> {
    connection: &'a Arc<Connection>,
    writers: &'a Writers,
    ciphertext: Vec<u8>,
    unopened: Range<usize>,
    handshaking: bool,
}

impl<'a> Source<'a> {
    pub(super) fn new(connection: &'a Arc<Connection>, writers: &'a Writers) -> Source<'a> {
        if !connection.outbox.is_sealed() {
            return Source::Plain(&connection.stream);
        }
        Source::Tls(Records {
            connection,
            writers,
            ciphertext: vec![0; CIPHERTEXT],
            unopened: 0..0,
            handshaking: true,
        })
    }

    /// Reads once, blocking. 0 means that no more will come.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(stream) => read(stream, into),
            Source::Tls(records) => records.read(into),
        }
    }
}

impl Records<'_> {
    /// Plaintext that is there already comes first: the socket may have nothing more to say.
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
                // Somebody may have cut off the end of what the peer said. A departure in any case, and half a frame is
                // never acted on.
                debug!("{}: ended without close_notify", self.connection);
                return Ok(0);
            }
        }
    }

    /// Takes plaintext out. What TLS wants sent meanwhile goes the way of everything that is sent, so this never blocks.
    fn open(&mut self, into: &mut [u8]) -> Opened {
        let mut ciphertext = &self.ciphertext[self.unopened.clone()];
        let (opened, pushed, handshaking) = self.connection.open(&mut ciphertext, into);
        self.unopened.start = self.unopened.end - ciphertext.len();
        if self.connection.pushed(pushed) {
            self.writers.give(self.connection);
        }
        if self.handshaking && !handshaking {
            self.handshaking = false;
            self.connection.expect_first_byte();
        }
        opened
    }

    /// Reads records, blocking, with no lock held. Only called when everything was opened.
    fn refill(&mut self) -> io::Result<usize> {
        let length = read(&self.connection.stream, &mut self.ciphertext)?;
        self.unopened = 0..length;
        if length == CIPHERTEXT {
            // A busy sender: more at a time from now on.
            self.ciphertext.resize(LARGE_CIPHERTEXT, 0);
        }
        Ok(length)
    }
}

fn read(mut stream: &TcpStream, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
