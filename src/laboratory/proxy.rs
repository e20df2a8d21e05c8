//! A relay between the clients and a correct server. The relay makes one kind of mistake with the bytes of tunnels, so to
//! the clients it seems that the server makes this mistake.
//!
//! The relay forwards all other connections without a change: it forwards their bytes, and it closes a direction when the
//! sender has closed it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The mistake that the relay makes with a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddle {
    /// Changes the first byte after the first 64 KiB.
    ChangesAByte,
    /// When one end closes its direction, does not tell the other end.
    SwallowsTheEnd,
    /// When one end closes its direction, closes both directions.
    EndsBoth,
    /// Loses the bytes that arrive directly after the opening frame, in the same read.
    LosesEarlyBytes,
    /// Drops all bytes of a read if the first byte is this opcode.
    TakesOut(u8),
    /// Forwards only whole blocks: keeps the remaining bytes until more bytes arrive or the direction is closed.
    KeepsTheRest,
}

/// If the bytes begin with a frame that makes the connection an end of a tunnel, returns the length of this frame.
pub(crate) type Opening = fn(&[u8]) -> Option<usize>;

/// The pause after a failed `accept`. The pause is useful when no file descriptor is free: without it, `accept` would fail
/// again at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on `address`, and relays each connection to `server` until the process ends. Returns the address of the relay,
/// with the port that the system has chosen.
pub(crate) fn listen(
    address: SocketAddr,
    server: SocketAddr,
    meddle: Meddle,
    opening: Opening,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    spawn("matou-accept", move || {
        loop {
            match listener.accept() {
                // If the relay cannot serve the client, both sockets are dropped, which closes them.
                Ok((client, _)) => drop(relay(client, server, meddle, opening)),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    })?;
    Ok(address)
}

fn relay(
    client: TcpStream,
    server: SocketAddr,
    meddle: Meddle,
    opening: Opening,
) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (client_again, server_again) = (client.try_clone()?, server.try_clone()?);
    spawn("matou-conn", move || {
        Pump::new(meddle, Some(opening)).run(client, server);
    })?;
    spawn("matou-conn", move || {
        Pump::new(meddle, None).run(server_again, client_again);
    })
}

/// Starts a thread. `name` must be a name that the engine's threads have too, so that a list of threads does not show which
/// fault a server has.
fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map(drop)
}

/// The size of a block of [`Meddle::KeepsTheRest`], in bytes.
const BLOCK: usize = 64;

/// One direction of one connection.
struct Pump {
    meddle: Meddle,
    /// The function that finds the opening frame of a tunnel. `None` in the direction from the server to the client, because
    /// only clients open tunnels.
    opening: Option<Opening>,
    passed: usize,
    tunnel: bool,
    /// Bytes that have arrived and are not forwarded yet.
    kept: Vec<u8>,
    /// Whole blocks that are forwarded now.
    full: Vec<u8>,
}

impl Pump {
    fn new(meddle: Meddle, opening: Option<Opening>) -> Pump {
        Pump {
            meddle,
            opening,
            passed: 0,
            tunnel: false,
            kept: Vec::new(),
            full: Vec::new(),
        }
    }

    fn run(mut self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 32 << 10];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => {
                    let _ = to.write_all(&self.kept);
                    break;
                }
                Ok(length) => {
                    let read = buffer.get_mut(..length).unwrap_or_default();
                    if to.write_all(self.change(read)).is_err() {
                        break;
                    }
                }
                // A reset ends both directions.
                Err(_) => {
                    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    return;
                }
            }
        }
        match self.meddle {
            Meddle::SwallowsTheEnd if self.tunnel => {}
            Meddle::EndsBoth if self.tunnel => {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            }
            _ => {
                let _ = to.shutdown(Shutdown::Write);
            }
        }
    }

    fn change<'a>(&'a mut self, bytes: &'a mut [u8]) -> &'a [u8] {
        let before = self.passed;
        self.passed += bytes.len();
        let opening = self.opening.filter(|_| before == 0 && !self.tunnel);
        if let Some(length) = opening.and_then(|opening| opening(bytes)) {
            self.tunnel = true;
            self.passed -= length;
            return match self.meddle {
                Meddle::LosesEarlyBytes => bytes.get(..length).unwrap_or_default(),
                _ => bytes,
            };
        }
        let far = 64 << 10;
        match self.meddle {
            Meddle::ChangesAByte if self.tunnel && before <= far => {
                if let Some(byte) = bytes.get_mut(far - before) {
                    *byte ^= 1;
                }
            }
            Meddle::TakesOut(opcode) if self.tunnel && bytes.first() == Some(&opcode) => {
                return &[];
            }
            Meddle::KeepsTheRest if self.tunnel => return self.whole_blocks(bytes),
            _ => {}
        }
        bytes
    }

    fn whole_blocks(&mut self, bytes: &mut [u8]) -> &[u8] {
        self.kept.extend_from_slice(bytes);
        let rest = self.kept.len() % BLOCK;
        let mut whole = std::mem::take(&mut self.kept);
        self.kept = whole.split_off(whole.len() - rest);
        self.full = whole;
        &self.full
    }
}
