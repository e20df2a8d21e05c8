use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use super::DirectOptions;
use super::knock::Knocking;
use crate::link::Link;
use matou_protocols::dialogue::{Pass, TunnelId};
use matou_sockets::{AcceptWait, AcceptWake, accept_wait};

/// After an error that does not go away by itself (no descriptors left), accepting pauses for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens for peers as long as one is promised something, and brings in those who show the right pass.
///
/// | thread | blocks in | ends |
/// |---|---|---|
/// | `direct-accept` | waiting for a connection | when no promise is left |
/// | `direct-knock` | `read` of what a stranger shows | when that is enough to decide, or takes too long |
#[derive(Debug)]
pub(crate) struct Doorman {
    options: DirectOptions,
    promises: Arc<Promises>,
    listening: Option<Listening>,
}

/// Where somebody is expected.
#[derive(Debug)]
pub(crate) struct Promised {
    /// What the peer is to be told.
    pub(crate) address: SocketAddr,
    /// Where the connection will come, once.
    pub(crate) arrival: Receiver<io::Result<Link>>,
    /// Until when.
    pub(crate) until: Instant,
}

/// Who may come in. One lock; nothing that can block is done while it is held.
#[derive(Debug, Default)]
pub(super) struct Promises(Mutex<BTreeMap<TunnelId, Promise>>);

#[derive(Debug)]
struct Promise {
    pass: Pass,
    until: Instant,
    arrival: Sender<io::Result<Link>>,
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
            listening: None,
        }
    }

    /// Lets one connection in that shows this pass, and listens if nobody was expected before. `towards_server` is our own end
    /// of the connection to the server.
    ///
    /// # Errors
    /// When nobody can be listened for.
    pub(crate) fn promise(
        &mut self,
        tunnel: TunnelId,
        pass: Pass,
        towards_server: SocketAddr,
    ) -> io::Result<Promised> {
        let address = match &self.listening {
            Some(listening) => listening.told,
            None => self.listen(towards_server)?,
        };
        let (arrival, arrives) = bounded(1);
        let until = Instant::now() + self.options.wait;
        let promise = Promise {
            pass,
            until,
            arrival,
        };
        self.promises.0.lock().insert(tunnel, promise);
        Ok(Promised {
            address,
            arrival: arrives,
            until,
        })
    }

    fn listen(&mut self, towards_server: SocketAddr) -> io::Result<SocketAddr> {
        let (listener, told) = self.options.listen(towards_server)?;
        let (wait, wake) = accept_wait(&listener)?;
        let knocking = Knocking::new(Arc::clone(&self.promises));
        let thread = thread::Builder::new()
            .name("direct-accept".into())
            .spawn(move || accept(&listener, &wait, &knocking))?;
        self.listening = Some(Listening {
            told,
            wake: Some(wake),
            thread: Some(thread),
        });
        Ok(told)
    }

    /// Nobody is expected there any more, or somebody has come. Nobody at all: then nothing listens.
    pub(crate) fn settle(&mut self, tunnel: TunnelId) {
        let mut promises = self.promises.0.lock();
        promises.remove(&tunnel);
        let none_left = promises.is_empty();
        drop(promises);
        if none_left {
            self.listening = None;
        }
    }

    /// Nobody is expected any more.
    pub(crate) fn close(&mut self) {
        self.promises.0.lock().clear();
        self.listening = None;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed; there is nothing left to save.
            let _ = thread.join();
        }
    }
}

/// What follows from the bytes that a stranger has shown so far.
#[derive(Debug)]
pub(super) enum Verdict {
    /// At least so many more are needed.
    More(usize),
    /// Come in; the promise is used.
    In(Sender<io::Result<Link>>),
    /// No promise begins like this.
    Out,
}

impl Promises {
    /// Compares with every promise. Only whole secrets are compared, so that nobody can guess one byte by byte.
    pub(super) fn judge(&self, shown: &[u8], now: Instant) -> Verdict {
        let mut promises = self.0.lock();
        let mut missing = None;
        let mut right = None;
        // Those that are too old are taken away by whoever gave them.
        let in_time = promises.iter().filter(|(_, promise)| promise.until > now);
        for (tunnel, Promise { pass, .. }) in in_time {
            let known = shown.len().min(pass.public.len());
            if shown[..known] != pass.public[..known] {
                continue;
            }
            let length = pass.public.len() + pass.secret.len();
            match length.checked_sub(shown.len()) {
                Some(0) if is_same(&shown[known..], &pass.secret) => right = Some(*tunnel),
                None | Some(0) => {}
                Some(more) => missing = Some(missing.map_or(more, |least: usize| least.min(more))),
            }
        }
        match (right.and_then(|tunnel| promises.remove(&tunnel)), missing) {
            (Some(promise), _) => Verdict::In(promise.arrival),
            (None, Some(more)) => Verdict::More(more),
            (None, None) => Verdict::Out,
        }
    }
}

/// In a time that does not depend on how much of it is the same.
fn is_same(shown: &[u8], secret: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(shown, secret).is_ok()
}

fn accept(listener: &TcpListener, wait: &AcceptWait, knocking: &Knocking) {
    while matches!(wait.connection(listener), Ok(true)) {
        match listener.accept() {
            Ok((stream, peer)) => {
                // One that is lost already, or a thread that cannot be had, is the stranger's loss.
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

/// Some systems give an accepted socket what was set on the listener.
fn prepared(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)
}

#[cfg(test)]
mod tests;
