use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use super::DirectOptions;
use super::knock::Knocking;
use super::promises::{Promise, Promises};
use crate::link::Link;
use matou_protocols::dialogue::{Pass, TunnelId};
use matou_sockets::{AcceptWait, AcceptWake, accept_wait};

/// Pause after a failed `accept`. Without this pause, an error that lasts (for example, no file descriptor is free) would
/// keep the thread busy.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens while at least one peer is expected. If the peer of a connection sends the right pass, the connection goes to
/// [`Promised::arrival`]. A pass is the login of the peer and the secret of the request that the user accepted.
///
/// | thread | blocks in | ends |
/// |---|---|---|
/// | `direct-accept` | `accept` | when no peer is expected any more |
/// | `direct-knock` | `read` from an unauthenticated peer | when the received bytes are a pass or cannot become a pass, or at the time limit |
#[derive(Debug)]
pub(crate) struct Doorman {
    options: DirectOptions,
    promises: Arc<Promises>,
    /// The promises own the listener, so the listener closes when the last promise is dropped.
    listening: Weak<Listening>,
}

/// The promise to accept one peer. Dropping this value withdraws the promise.
#[derive(Debug)]
pub(crate) struct Promised {
    /// The address to tell the peer.
    pub(crate) address: SocketAddr,
    /// Receives the connection, once.
    pub(crate) arrival: Receiver<io::Result<Link>>,
    /// The time at which the promise expires.
    pub(crate) until: Instant,
    tunnel: TunnelId,
    promises: Arc<Promises>,
    _listening: Arc<Listening>,
}

#[derive(Debug)]
struct Listening {
    told: SocketAddr,
    wake: Option<AcceptWake>,
    thread: Option<JoinHandle<()>>,
}

impl Doorman {
    pub(crate) fn new(options: DirectOptions) -> Doorman {
        Doorman {
            options,
            promises: Arc::default(),
            listening: Weak::new(),
        }
    }

    /// Promises to accept one connection whose peer sends this pass. Starts to listen, if this client does not listen yet.
    /// `towards_server` is the local address of the connection to the server.
    ///
    /// # Errors
    /// Fails if no listener can be opened.
    pub(crate) fn promise(
        &mut self,
        tunnel: TunnelId,
        pass: Pass,
        towards_server: SocketAddr,
    ) -> io::Result<Promised> {
        let listening = match self.listening.upgrade() {
            Some(listening) => listening,
            None => self.listen(towards_server)?,
        };
        let (sender, arrival) = bounded(1);
        let until = Instant::now() + self.options.wait;
        let promise = Promise {
            pass,
            until,
            arrival: sender,
        };
        self.promises.add(tunnel, promise);
        Ok(Promised {
            address: listening.told,
            arrival,
            until,
            tunnel,
            promises: Arc::clone(&self.promises),
            _listening: listening,
        })
    }

    fn listen(&mut self, towards_server: SocketAddr) -> io::Result<Arc<Listening>> {
        let (listener, told) = self.options.listen(towards_server)?;
        let (wait, wake) = accept_wait(&listener)?;
        let knocking = Knocking::new(Arc::clone(&self.promises));
        let thread = thread::Builder::new()
            .name("direct-accept".into())
            .spawn(move || accept(&listener, &wait, &knocking))?;
        let listening = Arc::new(Listening {
            told,
            wake: Some(wake),
            thread: Some(thread),
        });
        self.listening = Arc::downgrade(&listening);
        Ok(listening)
    }
}

impl Drop for Promised {
    fn drop(&mut self) {
        self.promises.withdraw(self.tunnel);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, its panic message was already printed.
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, wait: &AcceptWait, knocking: &Knocking) {
    while matches!(wait.connection(listener), Ok(true)) {
        match listener.accept() {
            Ok((stream, peer)) => {
                // This step fails if the connection is already lost or if no thread can be started. Then the connection is
                // dropped.
                let _ = prepared(&stream).and_then(|()| knocking.begin(stream, peer.ip()));
            }
            Err(_) => {
                if !matches!(wait.pause(PAUSE), Ok(true)) {
                    return;
                }
            }
        }
    }
}

/// Sets the socket to blocking mode, because on some systems an accepted socket inherits the listener's non-blocking mode.
fn prepared(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)
}
