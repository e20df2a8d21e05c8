//! TLS on a lane.
//!
//! The reader thread sleeps in the socket, and the writer thread may block in it, so neither may hold the TLS connection
//! meanwhile. rustls allows that, for it does no input or output by itself: the reader brings ciphertext and takes text, the
//! writer brings text and takes ciphertext, each under a lock that is held for no longer. Only the writer takes ciphertext
//! out, so that records reach the socket in the order in which they were sealed.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustls::ClientConnection;

use crate::tls::TlsClient;

/// Makes a TLS connection over this stream, which is left without time-outs.
///
/// # Errors
///
/// If the other side speaks no TLS, shows another certificate than the pinned one, or is not done in time.
pub(crate) fn handshake(
    client: &TlsClient,
    stream: &TcpStream,
    server: IpAddr,
    until: Instant,
) -> io::Result<Secured> {
    let mut conn = client.connection(server)?;
    // What is sealed is taken out at once.
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
            // The alert that says so; whether it arrives makes no difference any more.
            let _ = conn.write_tls(&mut stream);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
    }
}

/// Why a server that accepts connections has no TLS.
#[derive(Debug)]
pub(crate) struct NoTls(String);

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoTls {}

/// The error in words that say what the target did.
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

/// What ciphertext turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The text in it.
    pub(crate) text: Vec<u8>,
    /// Whether the other side has said that it sends no more.
    pub(crate) closed: bool,
    /// Whether TLS itself has something to say now, and the writer is to be woken for it.
    pub(crate) owes: bool,
    /// Whether it makes no sense, or is an alert that ends the connection.
    pub(crate) garbled: bool,
}

impl Secured {
    /// Takes in ciphertext; none at all gives what the handshake left.
    pub(crate) fn open(&self, mut ciphertext: &[u8]) -> Opened {
        let mut conn = self.conn.lock();
        let mut opened = Opened::default();
        loop {
            // From a slice it fails only when its buffers are full, and they are emptied in each round.
            let taken = conn.read_tls(&mut ciphertext).is_ok();
            match conn.process_new_packets() {
                Ok(state) => opened.closed |= state.peer_has_closed(),
                Err(_) => opened.garbled = true,
            }
            // Text before an alert counts; the error is only that there is no more of it now.
            let _ = conn.reader().read_to_end(&mut opened.text);
            if ciphertext.is_empty() || opened.garbled || !taken {
                opened.owes = conn.wants_write();
                return opened;
            }
        }
    }

    /// The records that carry this text, and whatever TLS itself had to say before.
    pub(crate) fn seal(&self, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut conn = self.conn.lock();
        conn.writer().write_all(text)?;
        records(&mut conn)
    }

    /// The records with which this side says that it sends no more.
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
