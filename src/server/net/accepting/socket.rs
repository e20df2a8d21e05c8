//! How listening and accepted sockets are set up.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use crate::net::bounds::limits::Keepalive;

/// Maximum number of connections that may wait in the kernel until they are accepted.
const BACKLOG: i32 = 4096;

/// Makes a listener. Sets all options that the accepted sockets should have, because on Linux these
/// sockets inherit the options of the listener. A listener on `[::]` accepts IPv4 connections too.
pub(in crate::net) fn listen(
    address: SocketAddr,
    keepalive: &Keepalive,
) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Without this option, a server that was restarted would have to wait about a minute before it
    // could bind its port again. The option is not set on Windows, where it would let another
    // program bind the same port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    set_up(&SockRef::from(&socket), keepalive)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Sets the options of an accepted socket. On Linux the socket already has the listener's options;
/// on other systems this function sets them again. On BSD and macOS the socket also inherits the
/// listener's non-blocking mode. A reader's socket must block, so this mode is switched off.
pub(in crate::net) fn accepted(stream: &TcpStream, keepalive: &Keepalive) -> io::Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    stream.set_nonblocking(false)?;
    set_up(&SockRef::from(stream), keepalive)
}

fn set_up(socket: &SockRef<'_>, keepalive: &Keepalive) -> io::Result<()> {
    // Nagle's algorithm would delay a small send until the peer has acknowledged the previous one.
    // This delay would save nothing here, because each send contains whole frames already.
    socket.set_tcp_nodelay(true)?;
    let probes = TcpKeepalive::new().with_time(keepalive.idle);
    #[cfg(any(unix, windows))]
    let probes = probes.with_interval(keepalive.interval);
    #[cfg(unix)]
    let probes = probes.with_retries(keepalive.probes);
    socket.set_tcp_keepalive(&probes)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(keepalive.unacknowledged))?;
    Ok(())
}
