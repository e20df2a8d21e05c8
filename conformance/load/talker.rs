//! One blocking connection, for kinds of work that need few connections.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use super::exchange::Parties;
use super::speech::{Front, Speech};
use super::tongue::{Heard, Login, Tongue};
use conformance_suite::grammar::{Direction, LoadStep};
use conformance_suite::tls::TlsClient;

/// A connection, and the received bytes that are not handled yet.
#[derive(Debug)]
pub(super) struct Talker {
    stream: Stream,
    inbox: Vec<u8>,
}

/// The stream that carries the bytes: plain TCP or TLS.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Sealed(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Talker {
    /// Connects. Over TLS, this function also completes the handshake.
    pub(super) fn connect(
        target: SocketAddr,
        tls: Option<&TlsClient>,
        patience: Duration,
    ) -> Result<Talker, String> {
        let stream =
            TcpStream::connect_timeout(&target, patience).map_err(|error| error.to_string())?;
        let prepared = stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(patience)))
            .and_then(|()| stream.set_write_timeout(Some(patience)));
        prepared.map_err(|error| error.to_string())?;
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let secured = tls.stream(stream, target.ip());
                let secured =
                    secured.map_err(|error| format!("the TLS handshake failed: {error}"))?;
                Stream::Sealed(Box::new(secured))
            }
        };
        Ok(Talker {
            stream,
            inbox: Vec::new(),
        })
    }

    /// Logs in with `name`.
    pub(super) fn log_in(&mut self, tongue: &dyn Tongue, name: &str) -> Result<(), String> {
        let mut login = Login::of(name);
        let hello = tongue.hello(&mut login)?;
        self.say(&hello)?;
        loop {
            let taken = match tongue.hear_login(&mut login, &self.inbox) {
                Heard::In(taken) => {
                    self.inbox.drain(..taken);
                    return Ok(());
                }
                Heard::More => {
                    self.read("an answer to the login")?;
                    0
                }
                Heard::Answer(taken, bytes) => {
                    self.say(&bytes)?;
                    taken
                }
                Heard::Fine(taken) | Heard::Unexpected(taken, _) => taken,
                Heard::Message { length, .. } => length,
                Heard::Broken(why) => return Err(why),
            };
            self.inbox.drain(..taken);
        }
    }

    fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            // A TLS stream may still buffer some bytes after a write. The flush sends them.
            Stream::Sealed(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        sent.map_err(|error| format!("cannot send: {error}"))
    }

    fn read(&mut self, expected: &str) -> Result<(), String> {
        let mut chunk = [0; 4096];
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read(&mut chunk),
            Stream::Sealed(stream) => stream.read(&mut chunk),
        };
        match read {
            Ok(0) => Err(format!(
                "expected {expected}, but the server closed the connection"
            )),
            Ok(read) => {
                self.inbox.extend(chunk.iter().take(read));
                Ok(())
            }
            Err(error) => Err(format!(
                "expected {expected}, but nothing could be read: {error}"
            )),
        }
    }

    /// Carries out one step of an exchange.
    pub(super) fn step(
        &mut self,
        speech: &Speech,
        step: &LoadStep,
        parties: &mut Parties,
    ) -> Result<(), String> {
        match step.direction {
            Direction::Sends => {
                let bytes = speech.bytes(step, parties)?;
                self.say(&bytes)
            }
            Direction::Sees => self.await_frame(speech, step, parties),
        }
    }

    fn await_frame(
        &mut self,
        speech: &Speech,
        step: &LoadStep,
        parties: &mut Parties,
    ) -> Result<(), String> {
        let expected = speech.expected(step);
        loop {
            match speech.front(&self.inbox) {
                Front::Nothing => {}
                Front::Broken(why) => return Err(format!("instead of {expected}: {why}")),
                Front::Frame(frame) => {
                    self.inbox.drain(..frame.length);
                    if parties.fits(step, &frame) {
                        return Ok(());
                    }
                    return Err(format!("{} instead of {expected}", speech.in_words(&frame)));
                }
            }
            self.read(expected)?;
        }
    }

    /// Closes the connection, and waits until the server has closed it too. After that, another client can log in with the
    /// name of this client.
    pub(super) fn leave(mut self) {
        let socket = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Sealed(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
                &mut stream.sock
            }
        };
        // If the shutdown fails, the connection is already broken, and there is nothing to wait for.
        if socket.shutdown(Shutdown::Write).is_ok() {
            let mut scrap = [0; 4096];
            // The loop ends when the server closes the connection, when a read fails, or when no byte arrives within the
            // load's time limit for input.
            while socket.read(&mut scrap).is_ok_and(|length| length > 0) {}
        }
    }

    /// Returns the plain TCP stream. Fails if bytes have arrived that are not handled yet, or if the stream uses TLS.
    pub(super) fn into_stream(self) -> Result<TcpStream, String> {
        match (self.stream, self.inbox.len()) {
            (Stream::Plain(stream), 0) => Ok(stream),
            (Stream::Plain(_), count) => Err(format!(
                "bytes arrived in the tunnel before the load sent anything: {count}"
            )),
            (Stream::Sealed(_), _) => Err(
                "a tunnel of the load needs plain TCP, but this protocol runs inside TLS"
                    .to_owned(),
            ),
        }
    }
}
