//! TLS on a lane.
//!
//! The reader thread blocks in reads from the socket, and the writer thread may block in writes to it. While a thread
//! blocks, it must not hold the lock of the TLS connection. The threads do not need the lock for reads and writes, because
//! rustls itself does no IO. The reader reads ciphertext from the socket. Then it takes the lock for a short time, to pass
//! the ciphertext to rustls and to get the decrypted text. The writer takes the lock for a short time, to pass text to
//! rustls and to get the ciphertext. Then it writes the ciphertext to the socket. Only the writer gets ciphertext from
//! rustls, so records reach the socket in the order in which they were encrypted.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustls::ClientConnection;

use crate::tls::TlsClient;

/// Makes a TLS connection over this stream. Afterwards the stream has no read timeout.
///
/// # Errors
///
/// Fails if the target does not speak TLS, does not show the pinned certificate, or does not finish the handshake in time.
pub(crate) fn handshake(
    client: &TlsClient,
    stream: &TcpStream,
    server: IpAddr,
    until: Instant,
) -> io::Result<Secured> {
    let mut conn = client.connection(server)?;
    // The buffer needs no limit, because the runner takes encrypted records out of it immediately.
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
            // This write sends the target an alert with the reason. The handshake has failed, whether the alert arrives or
            // not.
            let _ = conn.write_tls(&mut stream);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
    }
}

/// The error of a TLS handshake that failed after the server had accepted the connection. The text gives the reason.
#[derive(Debug)]
pub(crate) struct NoTls(String);

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoTls {}

/// Returns the error with a message for the person who runs the suite.
fn told(error: &io::Error) -> io::Error {
    let (kind, why) = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => (
            ErrorKind::TimedOut,
            "the TLS handshake did not end within the time limit".to_owned(),
        ),
        kind @ ErrorKind::UnexpectedEof => (
            kind,
            "the connection ended during the TLS handshake".to_owned(),
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
    /// The decrypted text.
    pub(crate) text: Vec<u8>,
    /// Whether the target has announced with close_notify that it sends no more.
    pub(crate) closed: bool,
    /// Whether TLS itself must send something now. If so, the caller must wake the writer.
    pub(crate) owes: bool,
    /// Whether the ciphertext is invalid, or contains an alert that ends the connection.
    pub(crate) garbled: bool,
}

impl Secured {
    /// Decrypts ciphertext. A call with empty ciphertext returns the text that arrived together with the last bytes of the
    /// handshake.
    pub(crate) fn open(&self, mut ciphertext: &[u8]) -> Opened {
        let mut conn = self.conn.lock();
        let mut opened = Opened::default();
        loop {
            // Reading from a slice fails only when the buffers of rustls are full, and each round of this loop empties them.
            let taken = conn.read_tls(&mut ciphertext).is_ok();
            match conn.process_new_packets() {
                Ok(state) => opened.closed |= state.peer_has_closed(),
                Err(_) => opened.garbled = true,
            }
            // Text that arrived before an alert is still returned. An error of this read only means that there is no more
            // text now.
            let _ = conn.reader().read_to_end(&mut opened.text);
            if ciphertext.is_empty() || opened.garbled || !taken {
                opened.owes = conn.wants_write();
                return opened;
            }
        }
    }

    /// Returns the records that carry this text. Records that TLS itself must send come before them.
    pub(crate) fn seal(&self, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut conn = self.conn.lock();
        conn.writer().write_all(text)?;
        records(&mut conn)
    }

    /// Returns the records of a close_notify, which announces that this side sends no more.
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
