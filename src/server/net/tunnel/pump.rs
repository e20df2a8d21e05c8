//! What the reader of a tunnel's end does: it keeps early bytes, and then it is the pump of its
//! direction.
//!
//! A pump is the simplest kind of blocking program: read, write all, again. It needs no lock,
//! because it alone reads from one socket and writes to the other. Whatever happens to the tunnel
//! reaches it as a result of one of these two calls: bytes, EOF (0), or an error.
//!
//! The life of a tunnel is told in [`tunnel`](super).

use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::Arc;

use log::debug;

use super::Peer;
use crate::net::connection::Connection;

/// Bytes that are copied at once.
const COPY_BYTES: usize = 64 << 10;

/// Bytes that are copied at once in a tunnel that carried [`MUCH`], where the kernel cannot move
/// them alone.
const LARGE_COPY_BYTES: usize = 256 << 10;

/// After this many bytes a direction gets a pipe of its own in the kernel, if one is left (see
/// [`Pipes`](super::Pipes)). Most tunnels carry a few lines.
const MUCH: usize = 1 << 20;

/// What became of a tunnel's end.
pub(in crate::net) enum Waited {
    /// The ends were joined, and both directions have ended.
    Relayed,
    /// The peer will send no more. The ends were not joined when this thread looked; the room knows
    /// whether they are by now.
    ReadClosed,
    /// The connection is lost.
    Lost,
}

/// Reads a connection whose bytes are raw: keeps them while the other end is missing, then relays
/// them. `rest` is what followed the last frame.
///
/// Blocks until both directions have ended, or this end before it was joined. For its reader; no
/// lock may be held.
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
        // Blocks until this peer sends or ends. Joining the ends does not wake it: `keep` finds
        // that out afterwards.
        let length = match connection.read(chunk) {
            Ok(0) => return read_closed(connection, &mut buffer),
            Ok(length) => length,
            Err(error) => {
                debug!("{connection} lost while it waited for the other end: {error}");
                return Waited::Lost;
            }
        };
        // A copy, because `pump` uses the buffer again.
        let first = chunk[..length].to_vec();
        // Either these bytes are kept, and `join` will queue them; or the ends were joined before,
        // and they are the first that this pump relays. One lock decides, so no byte is lost or
        // doubled between the two.
        if let Some(peer) = connection.tunnel.keep(&first) {
            return pump(connection, &peer, &first, &mut buffer);
        }
        // The server closes it (its negotiation has expired, or the server stops). The room decides
        // what the end is.
        if connection.is_closing() {
            return Waited::ReadClosed;
        }
    }
}

/// EOF while this reader waited. If the ends were joined meanwhile, it is the end of a direction.
/// Bytes before it may still be in the socket, so the pump reads up to it.
fn read_closed(connection: &Arc<Connection>, buffer: &mut Vec<u8>) -> Waited {
    match connection.tunnel.keep(&[]) {
        Some(peer) => pump(connection, &peer, &[], buffer),
        None => Waited::ReadClosed,
    }
}

/// The peer ended its direction just when the room joined the ends: passes that end on, after what
/// is before it, and lets the other direction go on.
///
/// Blocks until the turn has joined the ends, and then until both directions have ended.
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

/// Copies until EOF. Blocks in `read` while this end is silent, and in `write` while the other end
/// does not read. When one of the connections is cut, its socket is shut down, and that wakes this
/// thread from either.
fn relay(
    connection: &Arc<Connection>,
    peer: &Peer,
    first: &[u8],
    buffer: &mut Vec<u8>,
) -> io::Result<()> {
    // What the server itself sent to the other end (ESTABLISHED, early bytes) leaves first.
    own_the_write_side(peer)?;
    let mut to = &peer.connection.stream;
    // `write_all` calls `write` again until the socket has accepted everything: a blocking socket
    // may accept a part.
    to.write_all(first)?;
    // First a small buffer: most tunnels carry a few lines, and there may be thousands.
    let mut relayed = first.len();
    while relayed < MUCH {
        let length = connection.read(buffer)?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length])?;
        relayed += length;
    }
    if let Some(pipe) = connection.pipes.open() {
        // The bytes pass from socket to socket in the kernel, so the buffer is given back.
        *buffer = Vec::new();
        while pipe.forward(&connection.stream, to)? > 0 {}
        return Ok(());
    }
    // No pipe, or not Linux: a larger buffer needs fewer system calls for the same bytes.
    buffer.resize(LARGE_COPY_BYTES, 0);
    loop {
        let length = connection.read(buffer)?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length])?;
    }
}

/// Passes the end of a direction on, after all bytes before it: half-close. The other end's `read`
/// returns 0, and it may still write.
///
/// Some protocols hold the end back for a moment, so that a command that follows it on another
/// connection is told first.
fn forward_end(connection: &Connection, peer: &Peer) -> io::Result<()> {
    // Blocks for that moment, or until this connection closes.
    connection.pause.wait(peer.directions.end_delay);
    own_the_write_side(peer)?;
    peer.connection.stream.shutdown(Shutdown::Write)
}

/// Blocks until the outbox of the other end is empty. From then on this pump alone writes to that
/// socket. A second call returns at once.
fn own_the_write_side(peer: &Peer) -> io::Result<()> {
    if peer.connection.outbox.retire(&peer.connection.stream) {
        Ok(())
    } else {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// Ends this direction and waits for the other one. An error has no end that could be passed on, so
/// it cuts both ends; the other pump wakes from its `read` or `write` then.
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
