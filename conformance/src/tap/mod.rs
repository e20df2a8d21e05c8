//! The tap: a proxy between a client and a server. It records their conversation and changes nothing.
//!
//! | file | what |
//! |---|---|
//! | `relay` | passes on bytes, half-closes and resets from one socket to the other |
//! | `watch` | finds the frames in the bytes, and the violations in them |
//! | `record` | stores all moments of all connections, in order of time |
//! | `events` | turns the moments into a conversation for reports |
//! | `replay` | turns the moments into a scenario that the suite can play |

mod events;
mod record;
mod relay;
mod replay;
mod watch;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, SystemTime};

use socket2::SockRef;

use crate::grammar::{Choices, Grammar};

pub use events::{event, events};
pub use record::{Moment, Record, What};
pub use replay::{Replay, lane_names, scenario};
pub(crate) use watch::Turning;
pub use watch::{Heard, Watch, Wires};

/// Time limit for each connection from the tap to the target. If the connection fails, the tap resets the client's
/// connection.
const CONNECT_BOUND: Duration = Duration::from_secs(10);

/// A function that the tap calls for every moment, as soon as it happens. Several threads call it, but never two at the same
/// time.
pub type Listener = Box<dyn Fn(&Moment) + Send + Sync>;

/// A running tap.
pub struct Tap {
    shared: Arc<Shared>,
    address: SocketAddr,
    ended: crossbeam_channel::Receiver<()>,
}

struct Shared {
    grammar: Grammar,
    wires: Wires,
    target: SocketAddr,
    record: Record,
}

impl Tap {
    /// Starts to listen. The tap connects each client to the target, and calls `tell` for every moment (something that
    /// happens on a connection).
    ///
    /// # Errors
    ///
    /// Fails if the tap cannot bind the address, or if the system refuses to start a thread.
    pub fn start(
        grammar: &Grammar,
        choices: &Choices,
        listen: SocketAddr,
        target: SocketAddr,
        tell: Listener,
    ) -> io::Result<Tap> {
        let listener = TcpListener::bind(listen)?;
        let address = listener.local_addr()?;
        let (tell_end, ended) = crossbeam_channel::unbounded();
        let shared = Arc::new(Shared {
            grammar: grammar.clone(),
            wires: Wires::new(grammar, choices),
            target,
            record: Record::new(tell),
        });
        let tap = Tap {
            shared: Arc::clone(&shared),
            address,
            ended,
        };
        Builder::new().name("tap".to_owned()).spawn(move || {
            accept(&listener, &shared, &tell_end);
        })?;
        Ok(tap)
    }

    /// Returns the address where the tap listens for clients.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a channel on which a message arrives for each connection that has ended.
    #[must_use]
    pub fn ended(&self) -> &crossbeam_channel::Receiver<()> {
        &self.ended
    }

    /// Returns the codecs with which the tap decodes frames.
    #[must_use]
    pub fn wires(&self) -> &Wires {
        &self.shared.wires
    }

    /// Returns the time when the tap started.
    #[must_use]
    pub fn began(&self) -> SystemTime {
        self.shared.record.began()
    }

    /// Returns all moments that are recorded so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Moment> {
        self.shared.record.all()
    }
}

/// Accepts clients until the process ends.
fn accept(listener: &TcpListener, shared: &Arc<Shared>, ended: &crossbeam_channel::Sender<()>) {
    for (connection, client) in listener.incoming().enumerate() {
        let Ok(client) = client else {
            // `accept` fails, for example, when too many files are open or the client has already left. The next `accept`
            // may succeed.
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let (shared, ended) = (Arc::clone(shared), ended.clone());
        let name = format!("tap {}", connection + 1);
        // If the system cannot start a thread, this client's connection is closed. The error is ignored, because no caller
        // could handle it.
        let _ = Builder::new().name(name).spawn(move || {
            join(&shared, connection, client);
            // The send fails only if the receiver of the channel was dropped, and then the message is not needed.
            let _ = ended.send(());
        });
    }
}

/// Connects a client to the target and relays until both directions have ended.
fn join(shared: &Shared, connection: usize, client: TcpStream) {
    let peer = client
        .peer_addr()
        .map_or_else(|_| "?".to_owned(), |peer| peer.to_string());
    shared.record.note(connection, What::Opened { peer });
    match TcpStream::connect_timeout(&shared.target, CONNECT_BOUND) {
        Ok(target) => {
            let watch = Watch::new(&shared.grammar, &shared.wires);
            relay::relay(client, target, &shared.record.of(connection, watch));
        }
        Err(error) => {
            let why = format!("cannot connect to {}: {error}", shared.target);
            shared.record.note(connection, What::Refused { why });
            // The tap has accepted the connection and can no longer refuse it. So it resets the connection.
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
        }
    }
}
