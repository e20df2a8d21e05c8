//! Relays bytes from one socket to the other, as if the tap did not exist.
//!
//! Each direction has a thread that reads, and then writes what it read before it reads again. So a receiver that does
//! not read holds up its sender, as it would without the tap. FIN of one side becomes FIN to the other after everything
//! before it, while the other direction goes on. RST of one side becomes RST to the other.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use socket2::SockRef;

use crate::grammar::Side;

use super::record::Line;
use super::watch::Heard;

/// Maximum bytes of one read.
const CHUNK: usize = 16 << 10;

/// One end of a relayed connection.
struct End {
    stream: TcpStream,
    /// The connection is to be reset: nothing is sent to it in order any more.
    cut: AtomicBool,
    /// A thread is in the middle of a write to it.
    written: AtomicBool,
}

impl End {
    fn new(stream: TcpStream) -> Arc<End> {
        // Without it the system would join segments. If it cannot be set, bytes still arrive.
        let _ = stream.set_nodelay(true);
        Arc::new(End {
            stream,
            cut: AtomicBool::new(false),
            written: AtomicBool::new(false),
        })
    }

    /// Resets the connection. From here on the socket sends RST when its last owner drops it. Both threads own it, so
    /// both are woken: the reader by a shutdown that sends nothing, and a blocked writer by a shutdown whose FIN cannot
    /// pass the bytes that the peer does not read.
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        // Each call fails only when the connection is gone already.
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
pub(super) fn relay(client: TcpStream, target: TcpStream, line: &Line<'_>) {
    let (client, target) = (End::new(client), End::new(target));
    std::thread::scope(|scope| {
        let back = || pump(&target, &client, Side::Server, line);
        let started = std::thread::Builder::new()
            .name("tap back".to_owned())
            .spawn_scoped(scope, back);
        if started.is_err() {
            client.cut();
            target.cut();
        }
        pump(&client, &target, Side::Client, line);
    });
}

/// Relays one direction until it ends.
fn pump(from: &End, to: &End, side: Side, line: &Line<'_>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        match (&from.stream).read(&mut buffer) {
            // The tap woke this thread itself.
            Ok(0) if from.is_cut() => return,
            Ok(0) => {
                line.end(side, Heard::Fin);
                if !to.is_cut() {
                    // Fails when that side is gone; then its own reader records how.
                    let _ = to.stream.shutdown(Shutdown::Write);
                }
                return;
            }
            Ok(length) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                line.hear(side, bytes);
                if !to.write(bytes) {
                    // The receiver is gone, so the sender's connection is reset too.
                    from.cut();
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                if !from.is_cut() {
                    line.end(side, Heard::Reset);
                }
                to.cut();
                return;
            }
        }
    }
}
