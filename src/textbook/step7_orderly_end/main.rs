//! Step 7: an orderly end for everything.
//!
//! The engine is the one of step 6. This step adds limits and orderly ends, which make up most of a real server. The limits
//! are a bound on the number of clients, and time limits for a login and for half a frame. The orderly ends are a close that
//! destroys no bytes, private connections whose two directions end separately, and a stop after SIGTERM or Ctrl-C. The whole
//! suite passes. Run it with `cargo run --release -p matou-textbook --bin orderly-end -- 127.0.0.1:7777`; its lesson is
//! `lesson-7.md`.
//!
//! | file | what |
//! |---|---|
//! | `main.rs` | accept, refuse, stop |
//! | `permits.rs` | a bound on the number of clients, and the wait until none is left |
//! | `client.rs` | one client: its time limits, and the life of its thread |
//! | `hub.rs` | the room, the run and the turn of step 6, and the clock |
//! | `tunnel.rs` | private connections |

mod client;
mod hub;
mod permits;
mod tunnel;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use matou_protocols::room::ConnId;
use matou_textbook::address;

use client::Client;
use hub::Hub;
use permits::{Permit, Permits};

/// Maximum number of clients, and so of threads that read. A process may have about 16,000 threads and, by default, often
/// 1024 descriptors. A server that reaches such a limit fails in a place that no test reaches. So this server refuses
/// clients earlier.
const CLIENTS: usize = 4000;

/// The pause after a failed accept.
const PAUSE: Duration = Duration::from_millis(100);

/// How long clients may take to receive what is queued for them when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(address())?;
    let local = listener.local_addr()?;
    let stop = Arc::new(Stop::default());
    stop_at_a_signal(&stop, local)?;
    println!("listening chaton {local}");
    let hub = Arc::new(Hub::new());
    let clock = {
        let (hub, stop) = (Arc::clone(&hub), Arc::clone(&stop));
        let clock = thread::Builder::new().name("clock".to_owned());
        clock.spawn(move || hub.keep_time(&stop))?
    };
    let permits = Arc::new(Permits::new(CLIENTS));
    accept(&listener, &hub, &permits, &stop);
    // From here on a `connect` fails with "connection refused". The connections that are open are closed in order.
    drop(listener);
    hub.finish_all();
    if !permits.wait_until_all_are_back(Instant::now() + FAREWELL) {
        hub.cut_all();
        permits.wait_until_all_are_back(Instant::now() + FAREWELL);
    }
    let _ = clock.join();
    Ok(())
}

/// Accepts clients until the server stops.
fn accept(listener: &TcpListener, hub: &Arc<Hub>, permits: &Arc<Permits>, stop: &Stop) {
    for number in 1.. {
        // Blocks until a client connects. When the server stops, it connects to itself: see `stop_at_a_signal`.
        let accepted = listener.accept();
        if stop.has_begun() {
            return;
        }
        match accepted {
            Ok((stream, peer)) => match permits.take() {
                Some(permit) => start(hub, ConnId(number), stream, peer, permit),
                // The socket is closed at once, so the client learns at once that it is refused.
                None => eprintln!("refused {peer}: {CLIENTS} clients are connected"),
            },
            Err(error) => {
                // With EMFILE (no descriptor is free) the connection stays in the backlog, and the next accept fails at
                // once. Without a pause this loop would use a whole core and accept no client.
                eprintln!("cannot accept a connection: {error}");
                stop.wait(PAUSE);
            }
        }
    }
}

fn start(hub: &Arc<Hub>, id: ConnId, stream: TcpStream, peer: SocketAddr, permit: Permit) {
    let hub = Arc::clone(hub);
    let client = Arc::new(Client::new(id, stream, permit));
    let thread = thread::Builder::new().name(format!("client-{}", id.0));
    if let Err(error) = thread.spawn(move || client::serve(&hub, &client, peer)) {
        eprintln!("cannot start a thread for {peer}: {error}; its connection is closed");
    }
}

/// Whether the server stops. A thread that only needs to pause, such as the clock, waits here, so that a stop wakes it.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    has_begun: Mutex<bool>,
    begun: Condvar,
}

impl Stop {
    fn has_begun(&self) -> bool {
        *self.has_begun.lock()
    }

    /// Blocks for `time`, or until the server stops. Returns true if the server stops.
    fn wait(&self, time: Duration) -> bool {
        let mut has_begun = self.has_begun.lock();
        if !*has_begun {
            self.begun.wait_for(&mut has_begun, time);
        }
        *has_begun
    }

    #[cfg(unix)]
    fn begin(&self) {
        *self.has_begun.lock() = true;
        self.begun.notify_all();
    }
}

/// Starts the thread that waits for SIGTERM and SIGINT (Ctrl-C).
///
/// A signal interrupts any thread at any instruction, so its handler may do almost nothing: it writes a byte into a pipe.
/// The thread blocks in `read` on that pipe. It is an ordinary thread, so it may call any function when it wakes.
#[cfg(unix)]
fn stop_at_a_signal(stop: &Arc<Stop>, local: SocketAddr) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let stop = Arc::clone(stop);
    let waiting = thread::Builder::new().name("signals".to_owned());
    waiting.spawn(move || {
        if signals.forever().next().is_some() {
            stop.begin();
            // The main thread is blocked in `accept`, and only a connection wakes it there. (As the target of a connection,
            // an address such as 0.0.0.0 means this machine.)
            let _ = TcpStream::connect(local);
        }
    })?;
    Ok(())
}

/// Windows has no such signals: Ctrl-C ends the process at once.
#[cfg(not(unix))]
fn stop_at_a_signal(_: &Arc<Stop>, _: SocketAddr) -> io::Result<()> {
    Ok(())
}
