use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

/// Connects to the first address of the host that answers; all of them together get `limit`.
pub(super) fn to_host(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let deadline = Instant::now() + limit;
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match to_address(address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Connects to one address.
pub(super) fn to_address(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, limit)?;
    // A typed line is one small segment that nothing follows: waiting for more to send would only delay it.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Connects in a thread of its own, which ends at the latest after the connector's time limit. The outcome comes once.
pub(super) fn in_background<T: Send + 'static>(
    connector: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Receiver<io::Result<T>> {
    let (outcome, connecting) = bounded(1);
    let report = outcome.clone();
    let spawned = thread::Builder::new()
        .name("connect".into())
        .spawn(move || {
            // The user may have left meanwhile.
            let _ = report.send(connector());
        });
    if let Err(error) = spawned {
        let _ = outcome.send(Err(error));
    }
    connecting
}
