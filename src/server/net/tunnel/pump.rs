//! What the reader of a tunnel end does: first it keeps early bytes, and then it is the pump of its
//! direction.
//!
//! A pump is the simplest kind of blocking program: it reads some bytes, writes all of them, and
//! begins again. It needs no lock, because no other thread reads from its first socket or writes to
//! its second socket. The results of `read` and `write` tell the pump everything that happens to
//! the tunnel: bytes, EOF (`read` returns 0), or an error.
//!
//! The life of a tunnel is described in [`tunnel`](super).

use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::Arc;

use log::debug;

use super::Peer;
use crate::net::connection::Connection;

/// Size in bytes of the buffer with which a pump copies bytes.
const COPY_BYTES: usize = 64 << 10;

/// If a direction has carried [`MUCH`] bytes and has no pipe, its copy buffer has this size in
/// bytes.
const LARGE_COPY_BYTES: usize = 256 << 10;

/// After this many bytes a direction gets a pipe of its own in the kernel, if one is left (see
/// [`Pipes`](super::Pipes)). Most tunnels carry only a few lines and need none.
const MUCH: usize = 1 << 20;

/// How the work of [`serve`] ended.
pub(in crate::net) enum Waited {
    /// The ends were joined, and both directions have ended.
    Relayed,
    /// The peer has sent FIN, and the ends were not joined when this thread checked. Only the room
    /// knows whether they will be joined.
    ReadClosed,
    /// The connection is lost.
    Lost,
}

/// Serves a tunnel end: keeps its bytes until the other end arrives, and then relays them. `rest`
/// contains the bytes that the reader has already read after the last frame.
///
/// Blocks until both directions have ended, or until this connection ends before the ends are
/// joined. The connection's reader calls this; it must hold no lock.
pub(in crate::net) fn serve(connection: &Arc<Connection>, rest: &[u8]) -> Waited {
    let mut buffer = vec![0; COPY_BYTES];
    if let Some(peer) = connection.tunnel.keep(rest) {
        return pump(connection, &peer, rest, &mut buffer);
    }
    loop {
        let Some(room) = connection
            .tunnel
            .room_for_early_bytes(connection, COPY_BYTES)
        else {
            return read_closed(connection, &mut buffer);
        };
        let chunk = buffer.get_mut(..room.min(COPY_BYTES)).unwrap_or_default();
        // Blocks until this peer sends bytes or FIN, or until the socket is shut down. The thread
        // that joins the ends does not wake this thread. The call of `keep` below finds out whether
        // they were joined.
        let length = match connection.read(chunk) {
            Ok(0) => return read_closed(connection, &mut buffer),
            Ok(length) => length,
            Err(error) => {
                debug!("{connection} lost while it waited for the other end: {error}");
                return Waited::Lost;
            }
        };
        // These bytes are copied, because `pump` uses `buffer` again before it has relayed them.
        let first = chunk[..length].to_vec();
        // There are two cases. If the ends are not joined, these bytes are kept, and `join` will
        // queue them. If the ends are joined, these are the first bytes that this pump relays.
        // `keep` and `join` use the same lock, so no byte is lost or sent twice.
        if let Some(peer) = connection.tunnel.keep(&first) {
            return pump(connection, &peer, &first, &mut buffer);
        }
        // The server is closing this connection, because its negotiation has expired or because the
        // server stops. The room decides how the connection ends.
        if connection.is_closing() {
            return Waited::ReadClosed;
        }
    }
}

/// Handles an EOF that arrived while this reader waited for the other end. If the ends have been
/// joined meanwhile, this EOF ends one direction of the tunnel. Bytes before the EOF may still be
/// in the socket, so the pump reads them first.
fn read_closed(connection: &Arc<Connection>, buffer: &mut Vec<u8>) -> Waited {
    match connection.tunnel.keep(&[]) {
        Some(peer) => pump(connection, &peer, &[], buffer),
        None => Waited::ReadClosed,
    }
}

/// Serves a tunnel end whose peer had already ended its direction when the room joined the ends.
/// Relays the bytes that came before the EOF, and then passes the EOF on. The other direction goes
/// on.
///
/// Blocks until the holder of the turn has joined the ends (or the connection closes), and then
/// until both directions have ended.
pub(in crate::net) fn serve_ended(connection: &Arc<Connection>) {
    if let Some(peer) = connection.tunnel.wait_until_joined(connection) {
        pump(connection, &peer, &[], &mut vec![0; COPY_BYTES]);
    }
}

/// Relays one direction from its first bytes to its end.
fn pump(connection: &Arc<Connection>, peer: &Peer, first: &[u8], buffer: &mut Vec<u8>) -> Waited {
    let relayed =
        relay(connection, peer, first, buffer).and_then(|()| forward_end(connection, peer));
    finish_direction(connection, peer, relayed);
    Waited::Relayed
}

/// Relays bytes until EOF. Blocks in `read` while the peer of this end is silent, and in `write`
/// while the peer of the other end does not read. When one of the connections is cut, its socket is
/// shut down, and that wakes this thread: `read` returns 0, or `write` returns an error.
fn relay(
    connection: &Arc<Connection>,
    peer: &Peer,
    first: &[u8],
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    // The bytes that are queued in the outbox of the other end (ESTABLISHED and early bytes) must
    // leave first.
    own_the_write_side(peer)?;
    let mut to = &peer.connection.stream;
    // One `write` may accept only some of the bytes, even on a blocking socket. So `write_all`
    // calls it again until the socket has accepted all of them.
    to.write_all(first)?;
    // The buffer is small at first, because most tunnels carry only a few lines, and there may be
    // thousands of tunnels.
    let mut relayed = first.len();
    while relayed < MUCH {
        let length = connection.read(buffer)?;
        // EOF: all bytes of this direction are relayed. The caller sends FIN to the other end.
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length])?;
        relayed += length;
    }
    if let Some(pipe) = connection.pipes.open() {
        // The kernel moves the bytes from socket to socket, so the buffer is no longer needed and
        // its memory is freed.
        *buffer = Vec::new();
        while pipe.forward(&connection.stream, to)? > 0 {}
        return Ok(());
    }
    // No pipe is left, or the system is not Linux. A larger buffer needs fewer system calls for the
    // same number of bytes.
    buffer.resize(LARGE_COPY_BYTES, 0);
    loop {
        let length = connection.read(buffer)?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length])?;
    }
}

/// Called when all bytes of a direction have been relayed. Sends FIN to the peer of the other end.
/// This is a half-close: the `read` of that peer returns 0, but that peer may still write.
///
/// Some protocols delay this FIN for a moment. For example, a client sends its last byte in the
/// tunnel, and right after that it closes the tunnel with a command on its other connection.
/// Because of the delay, the server relays that command before the FIN.
fn forward_end(connection: &Connection, peer: &Peer) -> io::Result<()> {
    // Blocks until the delay is over, or until this connection closes.
    connection.pause.wait(peer.directions.end_delay);
    own_the_write_side(peer)?;
    peer.connection.stream.shutdown(Shutdown::Write)
}

/// Blocks until the outbox of the other end is empty; `Outbox::retire` says what wakes the thread.
/// From then on only this pump writes to that socket. A later call returns at once.
fn own_the_write_side(peer: &Peer) -> io::Result<()> {
    if peer.connection.outbox.retire(&peer.connection.stream) {
        Ok(())
    } else {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// Ends this direction and blocks until the other direction has ended. After an error the direction
/// cannot end with FIN, so both connections are cut. This wakes the other pump, which may be
/// blocked in `read` or `write`.
fn finish_direction(connection: &Arc<Connection>, peer: &Peer, relayed: io::Result<()>) {
    if let Err(error) = relayed {
        debug!(
            "{connection}: tunnel with {} broke: {error}",
            peer.connection
        );
        connection.cut();
        peer.connection.cut();
    }
    // Blocks until the other direction has ended, too.
    peer.directions.end_one_and_wait();
    drop(connection.tunnel.over());
}
