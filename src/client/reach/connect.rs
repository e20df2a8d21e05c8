use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use socket2::{Domain, Protocol, Socket, Type};

use matou_sockets::Timed;

/// The local address and port of a connection, if the user chose them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LocalEnd {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) port: Option<u16>,
}

/// Tries the addresses of the host in order, and returns a connection to the first address that accepts one. `limit` is the
/// time limit for all attempts together.
pub(crate) fn to_host(
    host: &str,
    port: u16,
    from: LocalEnd,
    limit: Duration,
) -> io::Result<TcpStream> {
    let deadline = Instant::now() + limit;
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    for address in (host, port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match to_address(address, from, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Connects to one address.
pub(crate) fn to_address(
    address: SocketAddr,
    from: LocalEnd,
    limit: Duration,
) -> io::Result<TcpStream> {
    let stream = match from {
        LocalEnd {
            ip: None,
            port: None,
        } => TcpStream::connect_timeout(&address, limit)?,
        from => connect_from(own_end(address, from), address, limit)?,
    };
    // A typed line is one small segment, and Nagle's algorithm could delay it. The algorithm joins small segments, which
    // saves nothing here, so the client switches it off.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn own_end(to: SocketAddr, from: LocalEnd) -> SocketAddr {
    let ip = from.ip.unwrap_or(match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    });
    SocketAddr::new(ip, from.port.unwrap_or(0))
}

fn connect_from(own: SocketAddr, to: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    // This option is needed because an earlier connection from the same port may still be in the state TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.bind(&own.into())?;
    socket.connect_timeout(&to.into(), limit)?;
    Ok(socket.into())
}

/// Calls `connector` in a separate thread. The thread ends when `connector` returns. The outcome of `connector` arrives on
/// the returned channel.
pub(crate) fn in_background<T: Send + 'static>(
    connector: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Receiver<io::Result<T>> {
    let (outcome, connecting) = bounded(1);
    let report = outcome.clone();
    let spawned = thread::Builder::new()
        .name("connect".into())
        .spawn(move || {
            // This send fails if the user has already left the chat.
            let _ = report.send(connector());
        });
    if let Err(error) = spawned {
        let _ = outcome.send(Err(error));
    }
    connecting
}

/// Connects to the host. When the time limit is over, reads and writes on the returned connection fail.
pub(crate) fn in_time(host: &str, port: u16, from: LocalEnd, limit: Duration) -> io::Result<Timed> {
    let deadline = Instant::now() + limit;
    let stream = to_host(host, port, from, limit)?;
    let left = deadline.saturating_duration_since(Instant::now());
    Ok(Timed::new(stream, left))
}
