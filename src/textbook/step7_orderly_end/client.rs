//! One client: its outbox, its time limits, and the life of its thread.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use matou_protocols::room::{ConnId, Flow, Overdue};
use matou_textbook::Incoming;
use matou_textbook::outbox::Outbox;

use super::hub::Hub;
use super::permits::Permit;
use super::tunnel::{self, TunnelEnd};

/// How long a connection may take to log in.
const LOGIN_TIME: Duration = Duration::from_secs(30);

/// How long a client may take to send the rest of a frame.
const FRAME_TIME: Duration = Duration::from_secs(30);

/// How long a client may take to read its last bytes and to close, after the server has closed its side.
const LINGER: Duration = Duration::from_secs(2);

/// How long a writer waits for a full socket before it gives up.
const WRITE_TIME: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: ConnId,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) tunnel: TunnelEnd,
    limits: Mutex<Limits>,
    _permit: Permit,
}

/// The time limits of a client, as points in time and not as durations. A duration (`set_read_timeout`) would begin again
/// with each byte, so a client could keep its thread for ever with one byte per minute.
#[derive(Debug, Clone, Copy)]
struct Limits {
    login: Option<Instant>,
    frame: Option<Instant>,
    end: Option<Instant>,
}

/// What follows when a time limit of a client has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// The room decides what to do, because only the room knows, for example, whether the client has logged in.
    Asks(Overdue),
    /// The client's last time limit has passed, so the client is cut.
    Ends,
}

impl Client {
    pub(crate) fn new(id: ConnId, stream: TcpStream, permit: Permit) -> Client {
        // SO_SNDTIMEO: a `write` that makes no progress for this time fails, and the writer cuts the client.
        let _ = stream.set_write_timeout(Some(WRITE_TIME));
        let limits = Limits {
            login: Some(Instant::now() + LOGIN_TIME),
            frame: None,
            end: None,
        };
        Client {
            id,
            outbox: Outbox::new(stream),
            tunnel: TunnelEnd::default(),
            limits: Mutex::new(limits),
            _permit: permit,
        }
    }

    /// Closes the server's side after the queued bytes are sent. The client's thread reads on until the peer closes, too.
    pub(crate) fn finish(&self) {
        self.limits.lock().end = Some(Instant::now() + LINGER);
        self.tunnel.abandon();
        self.outbox.finish();
    }

    pub(crate) fn cut(&self) {
        self.tunnel.abandon();
        self.outbox.cut();
    }

    /// Returns a time limit that has passed, or `None`. The function removes the limit that it returns, so it returns each
    /// limit only once.
    pub(crate) fn late(&self, now: Instant) -> Option<Late> {
        let mut limits = self.limits.lock();
        let is_due = |limit: Option<Instant>| limit.is_some_and(|limit| limit <= now);
        if is_due(limits.end) {
            limits.end = None;
            return Some(Late::Ends);
        }
        if is_due(limits.login) {
            limits.login = None;
            return Some(Late::Asks(Overdue::Identification));
        }
        if is_due(limits.frame) {
            limits.frame = None;
            return Some(Late::Asks(Overdue::Frame));
        }
        None
    }

    /// Sets the time limit for the rest of a frame, or removes it if no frame has begun. Later bytes do not move the limit.
    fn expect_rest_of_frame(&self, has_half_a_frame: bool) {
        let frame = &mut self.limits.lock().frame;
        *frame = match *frame {
            _ if !has_half_a_frame => None,
            Some(limit) => Some(limit),
            None => Some(Instant::now() + FRAME_TIME),
        };
    }
}

/// Runs a client's thread.
pub(crate) fn serve(hub: &Hub, client: &Arc<Client>, peer: SocketAddr) {
    hub.opened(client, peer);
    match read(hub, client) {
        Some(rest) => tunnel::relay(hub, client, rest),
        None => linger(client),
    }
    client.tunnel.end();
    hub.gone(client.id);
}

/// Reads frames until the connection closes or becomes one side of a tunnel. Returns `None` if it closed, otherwise the
/// first bytes for the tunnel.
fn read(hub: &Hub, client: &Client) -> Option<Vec<u8>> {
    let mut incoming = Incoming::default();
    let mut chunk = [0; 4096];
    loop {
        // Blocks until this client sends something, closes, or is cut. A sender cuts a client that is too slow; the clock
        // cuts a client that has exceeded a time limit.
        match client.outbox.stream().read(&mut chunk) {
            Ok(0) => {
                hub.read_closed(client.id);
                return None;
            }
            Ok(count) => incoming.push(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        }
        match hub.frames(client.id, &mut incoming) {
            Flow::Frames => client.expect_rest_of_frame(incoming.has_half_a_frame()),
            Flow::Raw => return Some(incoming.into_rest()),
            Flow::Closed => return None,
        }
    }
}

/// Waits until the peer closes its side, and throws away what it still sends.
///
/// `close` on a socket with unread bytes makes the kernel send RST and not FIN. A RST destroys what the peer has not read
/// yet: for example, the answer that explains why it is disconnected.
fn linger(client: &Client) {
    // `wait_until_empty` returns false at once if the client was cut.
    if !client.outbox.wait_until_empty() {
        return;
    }
    let mut chunk = [0; 4096];
    loop {
        // The clock cuts a client that takes too long, and then this `read` returns 0.
        match client.outbox.stream().read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
