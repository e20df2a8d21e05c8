//! The settings of a load, its bounds, and the reasons why it may have no figures.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use conformance_suite::grammar::Choices;
use conformance_suite::suite::Suite;
use serde::Serialize;

/// The work to do.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Clients connect and log in.
    Storm {
        /// The number of clients.
        clients: usize,
        /// Maximum number of logins at the same time.
        at_once: usize,
    },
    /// A few clients send messages, and all clients receive them.
    FanOut(FanOut),
    /// Clients are logged in and only answer requests such as pings.
    Idle {
        /// The number of clients.
        clients: usize,
        /// Maximum number of logins at the same time, before the measurement.
        at_once: usize,
        /// The duration.
        lasts: Duration,
    },
    /// Clients connect, log in and leave, again and again.
    Churn {
        /// The number of slots. Each slot is one such sequence of clients; all slots run at the same time.
        slots: usize,
        /// The duration.
        lasts: Duration,
    },
    /// Clients send bytes through a private connection that the server relays.
    Tunnel(Tunnel),
}

/// Bytes through a private connection.
#[derive(Debug, Clone, Copy)]
pub struct Tunnel {
    /// The direction of the bytes.
    pub direction: Direction,
    /// The number of bytes in each direction. For a ping-pong, the number of bytes in each round trip.
    pub bytes: u64,
    /// The maximum duration.
    pub lasts: Duration,
}

/// Messages for everybody.
#[derive(Debug, Clone, Copy)]
pub struct FanOut {
    /// The number of clients in the room.
    pub clients: usize,
    /// The number of clients that send.
    pub senders: usize,
    /// The pace of the messages.
    pub pace: Pace,
    /// Bytes of text in a message.
    pub size: usize,
    /// Maximum number of messages.
    pub messages: u64,
    /// Maximum time during which the senders send new messages.
    pub lasts: Duration,
    /// Maximum number of logins at the same time, before the measurement.
    pub at_once: usize,
}

/// The pace of messages.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Each sender has at most this number of messages that have not reached all clients yet.
    Window(usize),
    /// All senders together send this number of messages per second.
    Rate(f64),
}

/// The bounds that end a load.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long the load waits for input. If no input arrives for this time, the load counts everything that is missing as
    /// lost.
    pub patience: Duration,
    /// The whole load ends at this instant, even if some messages or bytes have not arrived yet.
    pub until: Instant,
    /// The id of the server's process, if the load measures the cost of this process.
    pub process: Option<u32>,
    /// Returns true when the user wants the load to end. The load then ends in the same way as at the time
    /// [`until`](Self::until), and returns figures of what it has measured so far.
    pub is_stopped: fn() -> bool,
}

impl Bounds {
    pub(crate) fn over(&self) -> bool {
        self.end().is_reached()
    }

    /// Returns the end of the whole load.
    fn end(&self) -> End {
        End {
            at: self.until,
            is_stopped: self.is_stopped,
        }
    }

    /// Returns the end of a piece of work that begins now and takes this time. The end is never later than
    /// [`until`](Self::until).
    pub(crate) fn end_of(&self, lasts: Duration) -> End {
        End {
            at: (Instant::now() + lasts).min(self.until),
            ..self.end()
        }
    }
}

/// When a piece of work ends: at an instant, or earlier if the user stops the load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    at: Instant,
    is_stopped: fn() -> bool,
}

impl End {
    pub(crate) fn is_reached(&self) -> bool {
        Instant::now() >= self.at || (self.is_stopped)()
    }
}

/// The reason why a load has no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The server cannot be reached.
    CannotConnect(String),
    /// The server did not accept every login.
    NotAllIn {
        /// The number of clients that logged in.
        known: usize,
        /// The number of clients that tried to log in.
        wanted: usize,
        /// The reason why the other clients could not log in, as text for a person.
        why: String,
    },
    /// The server broke a promise before the measurement began.
    Lost(String),
    /// The protocol does not support this kind of work.
    NoSuchWork(&'static str),
    /// The server does not speak the protocol as wire.kdl describes it.
    Protocol(String),
    /// This machine cannot provide what the load needs.
    Machine(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::CannotConnect(why) => write!(f, "cannot connect: {why}"),
            Trouble::NotAllIn { known, wanted, why } => {
                write!(f, "only {known} of {wanted} clients could log in: {why}")
            }
            Trouble::Lost(why) => write!(f, "cannot begin the load: {why}"),
            Trouble::NoSuchWork(what) => write!(f, "this protocol does not have {what}"),
            Trouble::Protocol(why) | Trouble::Machine(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Trouble {}

/// Tells the user how much of the load is done, at most four times a second.
pub struct Teller<'a> {
    tell: &'a (dyn Fn(&str) + Sync),
    last: parking_lot::Mutex<Instant>,
}

impl fmt::Debug for Teller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller")
    }
}

impl<'a> Teller<'a> {
    /// Returns a teller that calls `tell` with each text. Several threads may use the teller at the same time.
    #[must_use]
    pub fn new(tell: &'a (dyn Fn(&str) + Sync)) -> Teller<'a> {
        Teller {
            tell,
            last: parking_lot::Mutex::new(Instant::now()),
        }
    }

    pub(crate) fn tell(&self, words: impl FnOnce() -> String) {
        let mut last = self.last.lock();
        if last.elapsed() > Duration::from_millis(250) {
            *last = Instant::now();
            (self.tell)(&words());
        }
    }
}

/// The protocol that a load speaks.
#[derive(Debug, Clone, Copy)]
pub enum Language<'a> {
    /// A protocol that a suite describes, with a choice for each of its readings.
    Suite {
        /// The protocol.
        suite: &'a Suite,
        /// The choices of the server for the questions that the document leaves open.
        choices: &'a Choices,
        /// The settings. If clients cannot choose their names, the setting `rest` or `identities` says where their
        /// identities come from.
        settings: &'a BTreeMap<String, String>,
    },
    /// Another protocol, by its name in [`peers::NAMES`](crate::peers::NAMES).
    Peer(&'a str),
    /// No protocol. The target is a proxy: it connects each of its clients to this address, at which the load listens. Used
    /// only for tunnels.
    Proxy(SocketAddr),
}

/// The direction of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From one end to the other.
    OneWay,
    /// In both directions at the same time.
    BothWays,
    /// One end sends a few bytes, and the other end sends the same bytes back.
    PingPong,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::OneWay => "one way",
            Direction::BothWays => "both ways",
            Direction::PingPong => "there and back",
        })
    }
}
