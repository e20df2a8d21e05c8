//! A link to a server over TLS.
//!
//! rustls keeps both directions in one value. If the reader owned this value while it blocks in `read`, the writer could not
//! send. So the value is under a mutex, which no thread holds during a system call. The reader reads from the socket, then
//! takes the lock to decrypt. The writer takes the lock to encrypt, releases it, and writes to the socket. Only the writer
//! writes, so the records are sent in the order of their numbers. When TLS itself must send something (for example an alert
//! or a key update), the reader wakes the writer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, never, select};
use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::link::outgoing::Flow;
use crate::link::writing::{report_progress, write_all};
use crate::link::{Ends, Incoming, Link};
use crate::reach::trust;
use matou_sockets::{Opened, Timed, Tls};

/// Maximum bytes per read: about two TLS records.
const CHUNK: usize = 32 * 1024;

/// Does the TLS handshake and creates a link, within the time limit of `stream`. If the server is not trusted, the error
/// says why.
pub(crate) fn open(stream: Timed, host: &str, config: &Arc<ClientConfig>) -> io::Result<Link> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::other("the host name is not a valid TLS server name"))?;
    let tls = Tls::to(name, config).map_err(io::Error::other)?;
    let (tls, early, stream) = shake_hands(tls, stream).map_err(trust::explained)?;
    link(tls, early, stream)
}

/// Blocks until the handshake is complete. If application data has arrived together with the end of the handshake, decrypts
/// and returns this data.
fn shake_hands(mut tls: Tls, mut stream: Timed) -> io::Result<(Tls, Vec<Incoming>, TcpStream)> {
    let mut chunk = vec![0; CHUNK];
    let mut early = Vec::new();
    loop {
        stream.write_all(&tls.outgoing())?;
        if !tls.is_handshaking() {
            break;
        }
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection during the TLS handshake",
            ));
        }
        early.extend(opened(&mut tls, &chunk[..length]));
        if let Some(Incoming::ReceiveFailed(error)) =
            early.pop_if(|last| matches!(last, Incoming::ReceiveFailed(_)))
        {
            // The alert tells the server why the handshake failed.
            let _ = stream.write_all(&tls.outgoing());
            return Err(error);
        }
    }
    Ok((tls, early, stream.into_stream()?))
}

fn link(tls: Tls, early: Vec<Incoming>, stream: TcpStream) -> io::Result<Link> {
    let tls = Arc::new(Mutex::new(tls));
    let (reading, writing) = (stream.try_clone()?, stream.try_clone()?);
    report_progress(&writing)?;
    let (mut link, ends) = Link::new(Box::new(stream));
    let Ends {
        report,
        pieces,
        flow,
    } = ends;
    let (nudge, nudges) = bounded(1);
    let reader = Reader {
        stream: reading,
        tls: tls.clone(),
        report: report.clone(),
        nudge,
    };
    link.own(
        thread::Builder::new()
            .name("server-in".into())
            .spawn(move || reader.run(early))?,
    );
    let writer = Writer {
        stream: writing,
        tls,
        report,
        flow,
    };
    link.own(
        thread::Builder::new()
            .name("server-out".into())
            .spawn(move || writer.run(&pieces, nudges))?,
    );
    Ok(link)
}

/// Decrypts bytes. Returns the plaintext. If the peer has closed the connection, [`Incoming::End`] follows the plaintext.
fn opened(tls: &mut Tls, mut ciphertext: &[u8]) -> Vec<Incoming> {
    let mut plaintext = vec![0; CHUNK];
    let mut came = Vec::new();
    loop {
        came.push(match tls.open(&mut ciphertext, &mut plaintext) {
            Opened::Plaintext(length) => Incoming::Bytes(plaintext[..length].to_vec()),
            Opened::More => return came,
            Opened::End => Incoming::End,
            Opened::Failed(error) => Incoming::ReceiveFailed(io::Error::other(error)),
        });
        if !matches!(came.last(), Some(Incoming::Bytes(_))) {
            return came;
        }
    }
}

struct Reader {
    stream: TcpStream,
    tls: Arc<Mutex<Tls>>,
    report: Sender<Incoming>,
    /// Sending `()` here wakes the writer when TLS itself must send something.
    nudge: Sender<()>,
}

impl Reader {
    fn run(mut self, early: Vec<Incoming>) {
        let mut goes_on = self.tell(early);
        let mut chunk = vec![0; CHUNK];
        while goes_on {
            let came = match self.stream.read(&mut chunk) {
                // The connection ended without close_notify, so an attacker may have closed it early.
                Ok(0) => vec![Incoming::ReceiveFailed(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the connection ended without the close_notify of TLS, so data may be missing",
                ))],
                Ok(length) => opened(&mut self.tls.lock(), &chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => vec![Incoming::ReceiveFailed(error)],
            };
            // If the channel is full, a message in it will wake the writer anyway.
            let _ = self.nudge.try_send(());
            goes_on = self.tell(came);
        }
    }

    /// Passes reports to the loop. Returns false after the end of the connection, or if the loop has dropped the link.
    fn tell(&self, came: Vec<Incoming>) -> bool {
        came.into_iter().all(|incoming| {
            let goes_on = matches!(incoming, Incoming::Bytes(_));
            self.report.send(incoming).is_ok() && goes_on
        })
    }
}

struct Writer {
    stream: TcpStream,
    tls: Arc<Mutex<Tls>>,
    report: Sender<Incoming>,
    flow: Arc<Flow>,
}

impl Writer {
    fn run(self, pieces: &Receiver<Vec<u8>>, nudges: Receiver<()>) {
        let last = match self.write(pieces, nudges) {
            Ok(()) => Incoming::AllSent,
            Err(error) => Incoming::SendFailed(error),
        };
        let _ = self.report.send(last);
    }

    fn write(&self, pieces: &Receiver<Vec<u8>>, mut nudges: Receiver<()>) -> io::Result<()> {
        loop {
            let (records, length) = select! {
                recv(pieces) -> piece => match piece {
                    Ok(piece) => (self.tls.lock().seal(&piece), piece.len()),
                    Err(_) => break,
                },
                recv(nudges) -> nudge => {
                    if nudge.is_err() {
                        nudges = never();
                    }
                    (self.tls.lock().outgoing(), 0)
                }
            };
            self.put(&records)?;
            self.flow.take(length);
        }
        let farewell = self.tls.lock().farewell();
        self.put(&farewell)?;
        self.stream.shutdown(Shutdown::Write)
    }

    fn put(&self, records: &[u8]) -> io::Result<()> {
        write_all(&self.stream, records, |bytes| self.flow.advance(bytes))
    }
}

#[cfg(test)]
mod tests;
