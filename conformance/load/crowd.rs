//! Many clients on one thread. The thread connects them, logs them in, and passes the bytes that they receive to a listener.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::event::Event;
use mio::{Events, Poll, Token};

use super::client::{Client, ClientId, Clients, Ended, Stage};
use super::figures::{latencies, micros};
use super::talker::Talker;
use super::target::allow_descriptors;
use super::tongue::{Heard, Login, Tongue};
use super::work::{Bounds, Teller, Trouble};

/// A listener gets all bytes that clients receive after their login.
pub(crate) trait Listener {
    /// Interprets the first bytes that a client has received but not handled yet. If these bytes are a message, the listener
    /// must use it during this call, because the crowd removes the bytes after the call.
    fn hear(&mut self, client: ClientId, front: &[u8]) -> Heard;
}

/// The listener that the crowd uses until all clients are logged in. It ignores all messages.
struct Deaf<'a>(&'a dyn Tongue);

impl Listener for Deaf<'_> {
    fn hear(&mut self, _: ClientId, front: &[u8]) -> Heard {
        self.0.hear(front)
    }
}

/// The clients of a load.
pub(crate) struct Crowd<'a> {
    pub(crate) tongue: &'a dyn Tongue,
    target: SocketAddr,
    poll: Poll,
    events: Events,
    clients: Clients,
    buffer: Vec<u8>,
    /// The number of clients that are logged in.
    pub(crate) known: usize,
    pub(crate) logins: Histogram<u64>,
    /// The first client whose connection ended, and the reason.
    pub(crate) first_loss: Option<String>,
    pub(crate) losses: usize,
}

impl<'a> Crowd<'a> {
    pub(crate) fn new(tongue: &'a dyn Tongue, target: SocketAddr) -> io::Result<Crowd<'a>> {
        Ok(Crowd {
            tongue,
            target,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            clients: Clients::default(),
            buffer: Vec::new(),
            known: 0,
            logins: latencies(),
            first_loss: None,
            losses: 0,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Connects a client for each name and logs it in. At most `at_once` logins run at the same time.
    pub(crate) fn gather(
        &mut self,
        names: &[String],
        at_once: usize,
        bounds: &Bounds,
        tell: &mut dyn FnMut(usize),
    ) -> Result<(), Trouble> {
        let mut progress = (0, Instant::now());
        let tongue = self.tongue;
        while self.known < names.len() {
            for name in names.iter().skip(self.clients.len()) {
                if self.clients.len() - self.known >= at_once {
                    break;
                }
                self.open(name)?;
            }
            self.turn(Duration::from_millis(50), &mut Deaf(tongue))?;
            if let Some(loss) = &self.first_loss {
                return Err(Trouble::NotAllIn {
                    known: self.known,
                    wanted: names.len(),
                    why: loss.clone(),
                });
            }
            if self.known > progress.0 {
                progress = (self.known, Instant::now());
                tell(self.known);
            } else if progress.1.elapsed() > bounds.patience || bounds.over() {
                let why = match bounds.over() {
                    true => "the load was stopped, or it reached its time limit".to_owned(),
                    false => format!(
                        "no further client logged in within {:?}",
                        progress.1.elapsed()
                    ),
                };
                return Err(Trouble::NotAllIn {
                    known: self.known,
                    wanted: names.len(),
                    why,
                });
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &str) -> Result<(), Trouble> {
        let token = Token(self.clients.len());
        let (login, registry) = (Login::of(name), self.poll.registry());
        let client = Client::open(self.target, self.tongue.tls(), login, registry, token);
        let client = client.map_err(|error| Trouble::CannotConnect(error.to_string()))?;
        self.clients.push(client);
        Ok(())
    }

    /// Queues bytes for a client; its next flush sends them.
    pub(crate) fn queue(&mut self, client: ClientId, bytes: &[u8]) {
        if let Err(why) = self.clients[client].queue(bytes) {
            self.lose(client, &why);
        }
    }

    /// Sends the queued bytes of a client.
    pub(crate) fn flush(&mut self, client: ClientId) {
        if let Err(why) = self.clients[client].flush() {
            self.lose(client, &why);
        }
    }

    pub(crate) fn unsent(&self, client: ClientId) -> usize {
        self.clients[client].unsent()
    }

    /// Waits for input, at most for the given time, and handles everything that has arrived.
    pub(crate) fn turn(
        &mut self,
        wait: Duration,
        listener: &mut dyn Listener,
    ) -> Result<(), Trouble> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        match self.poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(Trouble::Machine(format!(
                    "cannot wait for data on the sockets: {error}"
                )));
            }
            _ => {}
        }
        for event in &events {
            let client = ClientId(event.token().0);
            if let Err(why) = self.happened(client, event, listener) {
                self.lose(client, &why);
            }
        }
        self.events = events;
        Ok(())
    }

    fn happened(
        &mut self,
        id: ClientId,
        event: &Event,
        listener: &mut dyn Listener,
    ) -> Result<(), Ended> {
        let client = &mut self.clients[id];
        if matches!(client.stage, Stage::Lost) {
            return Ok(());
        }
        if matches!(client.stage, Stage::Connecting) {
            if !client.connected()? {
                return Ok(());
            }
            client.stage = Stage::LoggingIn;
            let hello = self.tongue.hello(&mut client.login)?;
            client.say(&hello)?;
        }
        if event.is_writable() {
            self.clients[id].flush()?;
        }
        if event.is_readable() {
            self.read(id, listener)?;
        }
        Ok(())
    }

    /// Reads until no more bytes are available. The poll does not report again that bytes are waiting, so no byte may be
    /// left.
    fn read(&mut self, id: ClientId, listener: &mut dyn Listener) -> Result<(), Ended> {
        loop {
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = self.clients[id].read(&mut buffer);
            let more = read.and_then(|(full, more)| {
                self.take(id, buffer.get(..full).unwrap_or_default(), listener)?;
                Ok(more)
            });
            self.buffer = buffer;
            if !more? {
                return Ok(());
            }
        }
    }

    fn take(
        &mut self,
        id: ClientId,
        mut front: &[u8],
        listener: &mut dyn Listener,
    ) -> Result<(), Ended> {
        loop {
            let client = &mut self.clients[id];
            let heard = match client.stage {
                Stage::In if front.is_empty() => break,
                Stage::In => listener.hear(id, front),
                _ if client.is_securing() => break,
                _ => self.tongue.hear_login(&mut client.login, front),
            };
            let taken = match heard {
                Heard::More => break,
                Heard::Broken(why) => return Err(why),
                Heard::Fine(taken) | Heard::Unexpected(taken, _) => taken,
                Heard::Message { length, .. } => length,
                Heard::Answer(taken, bytes) => {
                    client.say(&bytes)?;
                    taken
                }
                Heard::In(taken) => {
                    client.stage = Stage::In;
                    self.known += 1;
                    self.logins
                        .saturating_record(micros(client.began.elapsed()));
                    taken
                }
            };
            front = front.get(taken..).unwrap_or_default();
        }
        self.clients[id].inbox.extend_from_slice(front);
        Ok(())
    }

    fn lose(&mut self, id: ClientId, why: &str) {
        let client = &mut self.clients[id];
        let number = id.0 + 1;
        let words = match &client.stage {
            Stage::Lost => return,
            Stage::Connecting => format!("client {number}: cannot connect: {why}"),
            Stage::LoggingIn => format!("client {number}: the login failed: {why}"),
            Stage::In => format!("client {number}: {why}"),
        };
        client.stage = Stage::Lost;
        self.losses += 1;
        self.first_loss.get_or_insert(words);
    }
}

/// Connects a client for each of these names, and logs the clients in.
pub(crate) fn gather_crowd<'a>(
    tongue: &'a dyn Tongue,
    target: SocketAddr,
    names: &[String],
    at_once: usize,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<Crowd<'a>, Trouble> {
    // The load first makes a single connection, so that it can report the cause of a failure. If this first connection
    // fails, the server does not listen. If the first connection succeeds and a later one fails, the server refuses clients.
    drop(Talker::connect(target, None, bounds.patience).map_err(Trouble::CannotConnect)?);
    allow_descriptors(names.len());
    let mut crowd =
        Crowd::new(tongue, target).map_err(|error| Trouble::Machine(error.to_string()))?;
    crowd.gather(names, at_once, bounds, &mut |known| {
        teller.tell(|| format!("{known} of {} clients are logged in", names.len()));
    })?;
    Ok(crowd)
}
