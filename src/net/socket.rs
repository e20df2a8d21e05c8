//! How sockets are made and set up.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

/// Connections that the kernel may complete before they are accepted.
const BACKLOG: i32 = 4096;

/// A listener with everything set that accepted sockets should have. An IPv6 wildcard takes IPv4 too.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
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
    set_up(&SockRef::from(&socket))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Sets an accepted socket up. Linux hands the listener's options down; elsewhere they are set again, and a listener that
/// does not block may have handed that down.
pub(super) fn accepted(stream: &TcpStream) -> io::Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    stream.set_nonblocking(false)?;
    set_up(&SockRef::from(stream))
}

fn set_up(socket: &SockRef<'_>) -> io::Result<()> {
    // A frame is sent whole: there is nothing to gather.
    socket.set_tcp_nodelay(true)?;
    // A peer that vanished without FIN is noticed: idle for a minute, then four questions.
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60));
    #[cfg(any(unix, windows))]
    let keepalive = keepalive.with_interval(Duration::from_secs(15));
    #[cfg(unix)]
    let keepalive = keepalive.with_retries(4);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(Duration::from_secs(120)))?;
    Ok(())
}
