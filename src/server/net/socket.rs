//! How sockets are made and set up.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::limits::Keepalive;

/// Connections that the kernel may complete before they are accepted.
const BACKLOG: i32 = 4096;

/// A listener with everything set that accepted sockets should have. An IPv6 wildcard takes IPv4 too.
pub(super) fn listen(address: SocketAddr, keepalive: &Keepalive) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // On Windows this option would let somebody else take the port over.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    set_up(&SockRef::from(&socket), keepalive)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Sets an accepted socket up. Linux hands the listener's options down; elsewhere they are set again, and a listener that
/// does not block may have handed that down.
pub(super) fn accepted(stream: &TcpStream, keepalive: &Keepalive) -> io::Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    stream.set_nonblocking(false)?;
    set_up(&SockRef::from(stream), keepalive)
}

fn set_up(socket: &SockRef<'_>, keepalive: &Keepalive) -> io::Result<()> {
    // A frame is sent whole: there is nothing to gather.
    socket.set_tcp_nodelay(true)?;
    let questions = TcpKeepalive::new().with_time(keepalive.idle);
    #[cfg(any(unix, windows))]
    let questions = questions.with_interval(keepalive.interval);
    #[cfg(unix)]
    let questions = questions.with_retries(keepalive.probes);
    socket.set_tcp_keepalive(&questions)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(keepalive.unacknowledged))?;
    Ok(())
}
