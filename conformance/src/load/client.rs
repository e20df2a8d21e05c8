//! One of many clients: a connection that never blocks, with what has come and what is yet to be written.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::tongue::Login;

/// More than this is not read at once, or one connection would keep the others waiting.
const MOST_AT_ONCE: usize = 256 * 1024;

/// Where a client stands.
#[derive(Debug)]
pub(crate) enum Stage {
    /// The connection is being made.
    Connecting,
    /// The exchange of the login goes on.
    LoggingIn,
    /// The server knows it.
    In,
    /// It is no client any more.
    Lost,
}

#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    pub(crate) login: Login,
    pub(crate) stage: Stage,
    /// What has come and is not taken yet.
    pub(crate) inbox: Vec<u8>,
    outbox: Vec<u8>,
    written: usize,
    pub(crate) began: Instant,
}

/// Why a connection ended, in words.
pub(crate) type Ended = String;

impl Client {
    /// Begins to connect.
    pub(crate) fn open(
        target: SocketAddr,
        login: Login,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Client> {
        let mut stream = TcpStream::connect(target)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Client {
            stream,
            login,
            stage: Stage::Connecting,
            inbox: Vec::new(),
            outbox: Vec::new(),
            written: 0,
            began: Instant::now(),
        })
    }

    /// Whether the connection that was begun stands now.
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

    /// Sends these bytes as soon as the socket takes them.
    pub(crate) fn say(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.outbox.extend_from_slice(bytes);
        self.flush()
    }

    /// How many bytes the socket has not taken yet.
    pub(crate) fn unsent(&self) -> usize {
        self.outbox.len() - self.written
    }

    pub(crate) fn flush(&mut self) -> Result<(), Ended> {
        while self.written < self.outbox.len() {
            match self.stream.write(&self.outbox[self.written..]) {
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

    /// Reads into `buffer` behind what was kept. Says how much of the buffer is full now, and whether there may be more.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(usize, bool), Ended> {
        let kept = self.inbox.len();
        if buffer.len() < kept + MOST_AT_ONCE {
            buffer.resize(kept + MOST_AT_ONCE, 0);
        }
        buffer[..kept].copy_from_slice(&self.inbox);
        self.inbox.clear();
        loop {
            match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => return Err("the server closed the connection".to_owned()),
                Ok(read) => return Ok((kept + read, true)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok((kept, false)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}
