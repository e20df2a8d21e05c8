//! One TCP connection of a scenario, with two threads. The reader thread always reads, and the writer thread writes what is
//! queued. Once the connection is open, only these threads block on the socket; the interpreter does not.

mod bell;
mod budget;
mod inbox;
mod outbox;
mod spacing;
mod tls;

use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::evidence::End;
use crate::scenario::Cut;
use crate::tls::TlsClient;

pub(crate) use bell::Bell;
pub(crate) use budget::Budget;
use inbox::Inbox;
pub(crate) use outbox::Gate;
use outbox::{Farewell, Outbox};
pub(crate) use tls::NoTls;
use tls::Secured;

/// The size, in bytes, of the receive buffer of a lane that will stop reading. This buffer is small, so that it is soon full
/// and the target can send no more bytes.
const SMALL_RECEIVE_BUFFER: usize = 16 << 10;

/// The size of the kernel's receive buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiveBuffer {
    /// The system's default.
    Usual,
    /// [`SMALL_RECEIVE_BUFFER`].
    Small,
}

/// The encoding of a lane's bytes on its connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speech<'a> {
    /// TCP carries the bytes unchanged.
    Plain,
    /// TLS carries the bytes.
    Tls(&'a TlsClient),
    /// TCP carries the bytes unchanged, although the target speaks TLS. A lane that speaks in this way cannot decrypt the
    /// bytes that it receives, and ignores them.
    Blind,
}

/// A connection and its two threads. When the connection is dropped, both threads end.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Option<Arc<TcpStream>>,
    inbox: Arc<Inbox>,
    outbox: Arc<Outbox>,
    threads: Vec<JoinHandle<()>>,
    is_blind: bool,
    received: Vec<u8>,
    arrivals: Vec<(usize, Instant)>,
    end: Option<(Instant, End)>,
}

impl Connection {
    /// Connects and starts the threads. `bound` is the time limit for the connect and the TLS handshake together; `name` is
    /// part of the names of the threads.
    ///
    /// # Errors
    ///
    /// Fails if no server listens at the address, if the target does not answer in time, if the TLS handshake fails, or if a
    /// thread cannot be started.
    pub(crate) fn open(
        target: SocketAddr,
        bound: Duration,
        buffer: ReceiveBuffer,
        speech: Speech<'_>,
        name: &str,
        bell: &Arc<Bell>,
    ) -> io::Result<Connection> {
        let socket = Socket::new(
            Domain::for_address(target),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        if buffer == ReceiveBuffer::Small {
            socket.set_recv_buffer_size(SMALL_RECEIVE_BUFFER)?;
        }
        let until = Instant::now() + bound;
        socket.connect_timeout(&target.into(), bound)?;
        let stream = Arc::new(TcpStream::from(socket));
        // Without TCP_NODELAY the kernel could join small writes. Then it would have no effect to cut a frame into
        // several writes.
        stream.set_nodelay(true)?;
        let secured = match speech {
            Speech::Tls(client) => Some(tls::handshake(client, &stream, target.ip(), until)?),
            Speech::Plain | Speech::Blind => None,
        };
        let mut connection = Connection {
            stream: Some(Arc::clone(&stream)),
            inbox: Arc::new(Inbox::new(Arc::clone(&bell.budget))),
            outbox: Arc::default(),
            threads: Vec::new(),
            is_blind: matches!(speech, Speech::Blind),
            received: Vec::new(),
            arrivals: Vec::new(),
            end: None,
        };
        connection.start_threads(&stream, secured.map(Arc::new), name, bell)?;
        Ok(connection)
    }

    fn start_threads(
        &mut self,
        stream: &Arc<TcpStream>,
        secured: Option<Arc<Secured>>,
        name: &str,
        bell: &Arc<Bell>,
    ) -> io::Result<()> {
        let (inbox, outbox) = (Arc::clone(&self.inbox), Arc::clone(&self.outbox));
        let (socket, ring, tls) = (Arc::clone(stream), Arc::clone(bell), secured.clone());
        self.threads.push(
            Builder::new()
                .name(format!("read {name}"))
                .spawn(move || inbox.read_from(&socket, tls.as_deref(), &outbox, &ring))?,
        );
        let outbox = Arc::clone(&self.outbox);
        let (socket, ring) = (Arc::clone(stream), Arc::clone(bell));
        self.threads.push(
            Builder::new()
                .name(format!("write {name}"))
                .spawn(move || outbox.write_to(&socket, secured.as_deref(), &ring))?,
        );
        Ok(())
    }

    /// Moves the bytes that the reader thread has received since the last call into this connection.
    pub(crate) fn absorb(&mut self) {
        let (chunks, end) = self.inbox.take();
        for chunk in chunks.into_iter().filter(|_| !self.is_blind) {
            self.received.extend_from_slice(&chunk.bytes);
            self.arrivals.push((self.received.len(), chunk.at));
        }
        // If the runner has closed the socket itself, the reader sees an end that the target did not cause, so this end does
        // not count.
        if self.stream.is_some() && self.end.is_none() {
            self.end = end;
        }
    }

    /// Returns the IP address of this machine on the connection: 4 or 16 bytes, or no bytes after the connection was closed.
    pub(crate) fn own_address(&self) -> Vec<u8> {
        let address = self
            .stream
            .as_ref()
            .and_then(|stream| stream.local_addr().ok());
        match address.map(|address| address.ip()) {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
            None => Vec::new(),
        }
    }

    /// Returns all bytes that had arrived when [`absorb`](Connection::absorb) was last called.
    pub(crate) fn received(&self) -> &[u8] {
        &self.received
    }

    /// Returns when the last of the bytes before this offset was read.
    pub(crate) fn arrival(&self, offset: usize) -> Option<Instant> {
        let index = self.arrivals.partition_point(|(end, _)| *end < offset);
        self.arrivals.get(index).map(|(_, at)| *at)
    }

    /// Returns how and when the target ended its side of the connection; `None` if it has not.
    pub(crate) fn end(&self) -> Option<(Instant, End)> {
        self.end
    }

    /// Returns whether a send may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.outbox.has_room()
    }

    /// Queues bytes for the writer thread, after the bytes that are queued already.
    pub(crate) fn send(&self, bytes: Vec<u8>, cut: Cut, gate: Option<Arc<Gate>>) {
        self.outbox.push(bytes, cut, gate);
    }

    /// Queues a pause: the writer thread waits until the target has read everything that was queued before.
    pub(crate) fn wait_for_reads(&self) {
        self.outbox.push_wait_for_reads();
    }

    /// Queues FIN after everything that is queued; over TLS, a close_notify comes before the FIN. The reader continues.
    pub(crate) fn shut_down(&self) {
        self.outbox.push_fin(Farewell::InOrder);
    }

    /// Queues FIN after everything that is queued, without the close_notify that TLS demands. The reader continues.
    pub(crate) fn truncate(&self) {
        self.outbox.push_fin(Farewell::Truncated);
    }

    /// Returns whether the kernel has accepted everything that was queued, or the outbox is closed.
    pub(crate) fn is_flushed(&self) -> bool {
        self.outbox.is_idle()
    }

    /// Stops reading from the socket.
    pub(crate) fn stop_reading(&self) {
        self.inbox.pause();
    }

    /// Reads again.
    pub(crate) fn read_again(&self) {
        self.inbox.resume();
    }

    /// Ends the connection with RST, and returns after the threads have ended.
    ///
    /// If a socket's linger time is zero, the kernel sends RST when the last owner closes the socket. The threads own the
    /// socket too, so they must end first. `shutdown(Read)` wakes the reader and sends no FIN. A shutdown of the sending
    /// side would send a FIN before the RST.
    pub(crate) fn abort(&mut self) {
        let Some(stream) = self.stream.take() else {
            return;
        };
        // These calls fail only if the connection has ended already, and then nothing is left to do.
        let _ = SockRef::from(&*stream).set_linger(Some(Duration::ZERO));
        self.outbox.close();
        self.inbox.resume();
        let _ = stream.shutdown(Shutdown::Read);
        if self.outbox.is_writing() {
            let _ = stream.shutdown(Shutdown::Write);
        }
        self.join();
    }

    /// Closes both directions and ends the threads, even if they are blocked on the socket.
    pub(crate) fn hang_up(&mut self) {
        let Some(stream) = self.stream.take() else {
            return;
        };
        self.outbox.close();
        self.inbox.resume();
        // The shutdown wakes a reader that blocks in `peek` and a writer that blocks in `write`. The shutdown fails only if
        // the connection has ended already.
        let _ = stream.shutdown(Shutdown::Both);
        self.join();
    }

    fn join(&mut self) {
        for thread in self.threads.drain(..) {
            // If the thread panicked, the panic was printed already.
            let _ = thread.join();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hang_up();
    }
}
