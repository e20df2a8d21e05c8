//! One client of a load: a nonblocking connection, with the input that is not handled yet and the output that is not sent
//! yet.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::{Index, IndexMut};
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::ClientConnection;

use super::tongue::Login;
use conformance_suite::tls::TlsClient;

/// Maximum number of bytes of one read. While the thread reads one connection, the other connections wait, so one read must
/// be short.
const MOST_AT_ONCE: usize = 256 * 1024;

/// The progress of a client.
#[derive(Debug)]
pub(crate) enum Stage {
    /// The connection is being made.
    Connecting,
    /// The login exchange is running.
    LoggingIn,
    /// The client is logged in.
    In,
    /// The connection has ended.
    Lost,
}

/// The id of a client in [`Clients`]. The same number is the token with which the poll reports events of the client's
/// socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientId(pub(crate) usize);

/// The clients of a crowd, in the order in which they were opened.
#[derive(Debug, Default)]
pub(crate) struct Clients(Vec<Client>);

impl Clients {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a client. The caller must have opened the client with the token `len()`, because this number becomes the
    /// client's id.
    pub(crate) fn push(&mut self, client: Client) {
        self.0.push(client);
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "an id is the index of a client in the list, and no client is ever removed from the list"
)]
impl Index<ClientId> for Clients {
    type Output = Client;

    fn index(&self, id: ClientId) -> &Client {
        &self.0[id.0]
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "an id is the index of a client in the list, and no client is ever removed from the list"
)]
impl IndexMut<ClientId> for Clients {
    fn index_mut(&mut self, id: ClientId) -> &mut Client {
        &mut self.0[id.0]
    }
}

#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
    pub(crate) login: Login,
    pub(crate) stage: Stage,
    /// Bytes that arrived and are not handled yet.
    pub(crate) inbox: Vec<u8>,
    outbox: Vec<u8>,
    written: usize,
    pub(crate) began: Instant,
}

/// The reason why a connection ended, as a text for people.
pub(crate) type Ended = String;

impl Client {
    /// Starts to connect.
    pub(crate) fn open(
        target: SocketAddr,
        tls: Option<&TlsClient>,
        login: Login,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Client> {
        let mut stream = TcpStream::connect(target)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let tls = tls.map(|tls| tls.connection(target.ip())).transpose()?;
        Ok(Client {
            stream,
            tls: tls.map(Box::new),
            login,
            stage: Stage::Connecting,
            inbox: Vec::new(),
            outbox: Vec::new(),
            written: 0,
            began: Instant::now(),
        })
    }

    /// Returns whether the connection is open. If the attempt to connect has failed, the error says why.
    pub(crate) fn connected(&self) -> Result<bool, Ended> {
        if let Some(error) = self
            .stream
            .take_error()
            .map_err(|error| error.to_string())?
        {
            return Err(error.to_string());
        }
        match self.stream.peer_addr() {
            Ok(_) => {
                let _ = self.stream.set_nodelay(true);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Returns whether the TLS handshake is still running.
    pub(crate) fn is_securing(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Sends these bytes. If the socket does not accept all of them now, a later flush sends the rest.
    pub(crate) fn say(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.queue(bytes)?;
        self.flush()
    }

    /// Queues these bytes. The next flush sends them together with the other queued bytes.
    pub(crate) fn queue(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        match &mut self.tls {
            None => self.outbox.extend_from_slice(bytes),
            Some(tls) => tls
                .writer()
                .write_all(bytes)
                .map_err(|error| error.to_string())?,
        }
        Ok(())
    }

    /// Returns the number of queued bytes that the socket has not accepted yet.
    pub(crate) fn unsent(&self) -> usize {
        self.outbox.len() - self.written
    }

    pub(crate) fn flush(&mut self) -> Result<(), Ended> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut self.outbox)
                    .map_err(|error| error.to_string())?;
            }
        }
        while let Some(unsent) = self
            .outbox
            .get(self.written..)
            .filter(|left| !left.is_empty())
        {
            match self.stream.write(unsent) {
                Ok(taken) => self.written += taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        self.outbox.clear();
        self.written = 0;
        Ok(())
    }

    /// Copies the bytes that are not handled yet into `buffer`, and reads more bytes after them. Returns the number of bytes
    /// in the buffer, and whether the socket may have more bytes to read.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(usize, bool), Ended> {
        let kept = self.inbox.len();
        if buffer.len() < kept + MOST_AT_ONCE {
            buffer.resize(kept + MOST_AT_ONCE, 0);
        }
        let (front, free) = buffer.split_at_mut(kept);
        front.copy_from_slice(&self.inbox);
        self.inbox.clear();
        let read = match self.tls {
            None => self.read_plain(free),
            Some(_) => self.read_sealed(free),
        };
        match read? {
            Some(read) => Ok((kept + read, true)),
            None => Ok((kept, false)),
        }
    }

    /// Reads from a plain socket. Returns `None` if the socket has no bytes now.
    fn read_plain(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Ended> {
        arrived(|| self.stream.read(buffer))
    }

    /// Reads from TLS. Returns `None` if there is no plaintext now.
    fn read_sealed(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Ended> {
        loop {
            let Some(tls) = &mut self.tls else {
                return Ok(None);
            };
            if let Some(read) = arrived(|| tls.reader().read(buffer))? {
                return Ok(Some(read));
            }
            if arrived(|| tls.read_tls(&mut self.stream))?.is_none() {
                return Ok(None);
            }
            tls.process_new_packets()
                .map_err(|error| error.to_string())?;
            self.flush()?;
        }
    }
}

/// Calls `read`. Returns the number of bytes read, or `None` if there are none now.
fn arrived(mut read: impl FnMut() -> io::Result<usize>) -> Result<Option<usize>, Ended> {
    loop {
        match read() {
            Ok(0) => return Err("the server closed the connection".to_owned()),
            Ok(read) => return Ok(Some(read)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}
