//! Relays bytes from one socket to the other, as if the tap did not exist.
//!
//! Each direction has a thread. The thread reads some bytes and writes all of them before it reads again. So if a receiver
//! stops reading, the sender soon has to wait, as it would without the tap. After a FIN from one side, the tap sends two
//! things to the other side: first the bytes that came before the FIN, and then a FIN. The other direction stays open. After
//! an RST from one side, the tap sends an RST to the other side.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::SockRef;

use crate::grammar::Side;

use super::record::Recorder;
use super::watch::Heard;

/// Maximum number of bytes in one read.
const CHUNK: usize = 16 << 10;

/// One of the two sockets of a relayed connection: the client's or the target's.
struct End {
    stream: TcpStream,
    /// Whether the connection is being reset. If so, nothing more is written to the connection.
    cut: AtomicBool,
    /// Whether a thread is writing to the connection at this moment.
    written: AtomicBool,
}

impl End {
    fn new(stream: TcpStream) -> Arc<End> {
        // Without this option, the system may hold back a small write and join it with the next one. If the option cannot be
        // set, the bytes still arrive.
        let _ = stream.set_nodelay(true);
        Arc::new(End {
            stream,
            cut: AtomicBool::new(false),
            written: AtomicBool::new(false),
        })
    }

    /// Resets the connection. With this linger option, the system sends RST when the last owner drops the socket. Two
    /// threads own the socket: one reads from it, and the other writes to it. So both threads must wake up and return.
    /// Shutting down the reading direction wakes the reader, and sends nothing. If the writer is blocked, shutting down the
    /// writing direction wakes it. This second shutdown sends no FIN yet, because earlier bytes are still waiting to be sent
    /// to the peer.
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        // Each of these calls fails only if the connection has already ended.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        let _ = self.stream.shutdown(Shutdown::Read);
        if self.written.load(Ordering::SeqCst) {
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    fn write(&self, bytes: &[u8]) -> bool {
        self.written.store(true, Ordering::SeqCst);
        let written = !self.is_cut() && (&self.stream).write_all(bytes).is_ok();
        self.written.store(false, Ordering::SeqCst);
        written
    }
}

/// Relays until both directions have ended.
pub(super) fn relay(client: TcpStream, target: TcpStream, recorder: &Recorder<'_>) {
    let (client, target) = (End::new(client), End::new(target));
    std::thread::scope(|scope| {
        let back = || pump(&target, &client, Side::Server, recorder);
        let started = std::thread::Builder::new()
            .name("tap back".to_owned())
            .spawn_scoped(scope, back);
        if started.is_err() {
            client.cut();
            target.cut();
        }
        pump(&client, &target, Side::Client, recorder);
    });
}

/// Relays one direction until it ends.
fn pump(from: &End, to: &End, side: Side, recorder: &Recorder<'_>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        match (&from.stream).read(&mut buffer) {
            // This end is not a FIN from the peer: `cut` has shut down the socket to wake this thread.
            Ok(0) if from.is_cut() => return,
            Ok(0) => {
                recorder.end(side, Heard::Fin);
                if !to.is_cut() {
                    // This shutdown fails if the receiver has already ended its connection. The thread that reads from the
                    // receiver records how that connection ended.
                    let _ = to.stream.shutdown(Shutdown::Write);
                }
                return;
            }
            Ok(length) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                recorder.hear(side, bytes);
                if !to.write(bytes) {
                    // The receiver's connection has ended, so the sender's connection is reset.
                    from.cut();
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                if !from.is_cut() {
                    recorder.end(side, Heard::Reset);
                }
                to.cut();
                return;
            }
        }
    }
}
