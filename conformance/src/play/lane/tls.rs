//! TLS on a lane.
//!
//! The reader thread sleeps in the socket, and the writer thread may block in it, so neither may hold the TLS
//! connection during that time. rustls does no IO itself, which makes this possible: the reader brings ciphertext and
//! takes text, the writer brings text and takes ciphertext, each under a short lock. Only the writer takes ciphertext
//! out, so records reach the socket in the order in which they were sealed.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustls::ClientConnection;

use crate::tls::TlsClient;

/// Makes a TLS connection over this stream; on return the stream has no timeouts.
///
/// # Errors
///
/// If the other side does not speak TLS, shows another certificate than the pinned one, or does not finish in time.
pub(crate) fn handshake(
    client: &TlsClient,
    stream: &TcpStream,
    server: IpAddr,
    until: Instant,
) -> io::Result<Secured> {
    let mut conn = client.connection(server)?;
    // Sealed records are taken out at once.
    conn.set_buffer_limit(None);
    shake_hands(&mut conn, stream, until).map_err(|error| told(&error))?;
    stream.set_read_timeout(None)?;
    Ok(Secured {
        conn: Mutex::new(conn),
    })
}

fn shake_hands(
    conn: &mut ClientConnection,
    mut stream: &TcpStream,
    until: Instant,
) -> io::Result<()> {
    loop {
        while conn.wants_write() {
            conn.write_tls(&mut stream)?;
        }
        if !conn.is_handshaking() {
            return Ok(());
        }
        let left = until.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        if conn.read_tls(&mut stream)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = conn.process_new_packets() {
            // This sends the alert with the reason; whether it arrives does not matter any more.
            let _ = conn.write_tls(&mut stream);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
    }
}

/// A server listens, but the TLS handshake failed, for this reason.
#[derive(Debug)]
pub(crate) struct NoTls(String);

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoTls {}

/// Returns the error in words for the person who judges the target.
fn told(error: &io::Error) -> io::Error {
    let (kind, why) = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => (
            ErrorKind::TimedOut,
            "the TLS handshake did not end within the time limit".to_owned(),
        ),
        kind @ ErrorKind::UnexpectedEof => (
            kind,
            "the connection ended inside the TLS handshake".to_owned(),
        ),
        kind => (kind, format!("the TLS handshake failed: {error}")),
    };
    io::Error::new(kind, NoTls(why))
}

/// An established TLS connection that two threads share.
#[derive(Debug)]
pub(crate) struct Secured {
    conn: Mutex<ClientConnection>,
}

/// The result of decrypting ciphertext.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The text in it.
    pub(crate) text: Vec<u8>,
    /// Whether the other side has announced that it sends no more.
    pub(crate) closed: bool,
    /// Whether TLS itself must send something now, so that the writer must be woken.
    pub(crate) owes: bool,
    /// Whether the ciphertext is invalid, or an alert that ends the connection.
    pub(crate) garbled: bool,
}

impl Secured {
    /// Takes in ciphertext. Empty ciphertext returns what the handshake left.
    pub(crate) fn open(&self, mut ciphertext: &[u8]) -> Opened {
        let mut conn = self.conn.lock();
        let mut opened = Opened::default();
        loop {
            // Reading from a slice fails only when the buffers are full, and each round empties them.
            let taken = conn.read_tls(&mut ciphertext).is_ok();
            match conn.process_new_packets() {
                Ok(state) => opened.closed |= state.peer_has_closed(),
                Err(_) => opened.garbled = true,
            }
            // Text before an alert counts; the error only means that there is no more text now.
            let _ = conn.reader().read_to_end(&mut opened.text);
            if ciphertext.is_empty() || opened.garbled || !taken {
                opened.owes = conn.wants_write();
                return opened;
            }
        }
    }

    /// Returns the records that carry this text, and before them what TLS itself had to send.
    pub(crate) fn seal(&self, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut conn = self.conn.lock();
        conn.writer().write_all(text)?;
        records(&mut conn)
    }

    /// Returns the records that announce that this side sends no more.
    pub(crate) fn close_notify(&self) -> io::Result<Vec<u8>> {
        let mut conn = self.conn.lock();
        conn.send_close_notify();
        records(&mut conn)
    }
}

fn records(conn: &mut ClientConnection) -> io::Result<Vec<u8>> {
    let mut records = Vec::new();
    while conn.wants_write() {
        conn.write_tls(&mut records)?;
    }
    Ok(records)
}
