//! Listens between somebody's client and somebody's server, and changes nothing.
//!
//! | file | what |
//! |---|---|
//! | `relay` | bytes from one socket to the other, half-close and reset passed on |
//! | `watch` | what the bytes mean, and what is wrong with them |
//! | `record` | all that was heard, in one order |
//! | `events` | the same as a conversation that reports can draw |
//! | `replay` | the same as a scenario that the suite can play |

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
pub use watch::{Heard, Watch, Wires};

/// The target takes a connection within this time, or the client's is cut.
const CONNECT_BOUND: Duration = Duration::from_secs(10);

/// Whoever wants to know at once what is heard; called from several threads, but never twice at a time.
pub type Listener = Box<dyn Fn(&Moment) + Send + Sync>;

/// A tap that listens.
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
    /// Listens, and connects each client to the target; `tell` hears of everything.
    ///
    /// # Errors
    ///
    /// If nobody may listen there, or the system gives no thread.
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

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gets a message for each connection that has ended.
    #[must_use]
    pub fn ended(&self) -> &crossbeam_channel::Receiver<()> {
        &self.ended
    }

    /// The codecs of the reading in which it listens.
    #[must_use]
    pub fn wires(&self) -> &Wires {
        &self.shared.wires
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> SystemTime {
        self.shared.record.began()
    }

    /// All that was heard up to now.
    #[must_use]
    pub fn heard(&self) -> Vec<Moment> {
        self.shared.record.all()
    }
}

/// For ever: it ends with the process.
fn accept(listener: &TcpListener, shared: &Arc<Shared>, ended: &crossbeam_channel::Sender<()>) {
    for (connection, client) in listener.incoming().enumerate() {
        let Ok(client) = client else {
            // Too many open files, or a client that has gone already: the next one may be luckier.
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let (shared, ended) = (Arc::clone(shared), ended.clone());
        let name = format!("tap {}", connection + 1);
        // A client that gets no thread is let go; there is nobody else to tell.
        let _ = Builder::new().name(name).spawn(move || {
            join(&shared, connection, client);
            // Nobody may be waiting any more.
            let _ = ended.send(());
        });
    }
}

/// Connects a client with the target and relays until both directions have ended.
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
            // The client sees what it would have seen without a tap: no connection, as far as that is possible.
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
        }
    }
}
