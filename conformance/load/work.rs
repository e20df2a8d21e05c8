//! What a load is told, what bounds it, and why it may have no figures.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use conformance_suite::grammar::Choices;
use conformance_suite::suite::Suite;
use serde::Serialize;

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Clients connect and log in, and that is all.
    Storm {
        /// How many.
        clients: usize,
        /// Maximum number of logins under way.
        at_once: usize,
    },
    /// Messages for everybody.
    FanOut(FanOut),
    /// Clients that are in, and only answer what they are asked, such as pings.
    Idle {
        /// How many.
        clients: usize,
        /// Maximum number of logins under way before.
        at_once: usize,
        /// How long.
        lasts: Duration,
    },
    /// Connect, log in, leave, again and again.
    Churn {
        /// How many do so at the same time.
        slots: usize,
        /// How long.
        lasts: Duration,
    },
    /// Bytes through a private connection that the server relays.
    Tunnel(Tunnel),
}

/// Bytes through a private connection.
#[derive(Debug, Clone, Copy)]
pub struct Tunnel {
    /// Which way.
    pub direction: Direction,
    /// How many bytes each way, or in each round trip.
    pub bytes: u64,
    /// How long at most.
    pub lasts: Duration,
}

/// Messages for everybody.
#[derive(Debug, Clone, Copy)]
pub struct FanOut {
    /// How many are in the room.
    pub clients: usize,
    /// How many of them speak.
    pub senders: usize,
    /// How fast.
    pub pace: Pace,
    /// Bytes of text in a message.
    pub size: usize,
    /// Maximum number of messages.
    pub messages: u64,
    /// How long new messages are sent.
    pub lasts: Duration,
    /// Maximum number of logins under way before.
    pub at_once: usize,
}

/// How fast messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Maximum number of messages of each sender that have not reached every client yet.
    Window(usize),
    /// Messages per second, of all senders together.
    Rate(f64),
}

/// What keeps a load from going on for ever.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// What has not come after this time is taken as lost.
    pub patience: Duration,
    /// The whole load ends then, whatever is missing.
    pub until: Instant,
    /// The process of the server, if its cost is to be known.
    pub process: Option<u32>,
}

impl Bounds {
    pub(crate) fn over(&self) -> bool {
        Instant::now() >= self.until
    }
}

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The server cannot be reached.
    CannotConnect(String),
    /// Not everybody was let in.
    NotAllIn {
        /// How many were.
        known: usize,
        /// How many wanted to.
        wanted: usize,
        /// What happened.
        why: String,
    },
    /// A promise was broken before the measurement began.
    Lost(String),
    /// The protocol has nothing of that kind.
    NoSuchWork(&'static str),
    /// The protocol cannot be spoken as wire.kdl says.
    Protocol(String),
    /// This machine does not give what the load needs.
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

/// Tells a person who waits how far a load has come, at most a few times a second.
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
    /// Tells it to this function, which may be called from several threads.
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

/// What is spoken.
#[derive(Debug, Clone, Copy)]
pub enum Language<'a> {
    /// A protocol of a suite, its readings settled so.
    Suite {
        /// The protocol.
        suite: &'a Suite,
        /// What the server chose where the document is open.
        choices: &'a Choices,
        /// Where the server knows its clients from, if they cannot choose their names: `rest` or `identities`.
        settings: &'a BTreeMap<String, String>,
    },
    /// Another one, by its name in [`peers::NAMES`](crate::peers::NAMES).
    Peer(&'a str),
    /// No protocol at all: a proxy that connects everybody to this address, where the load listens. Only for tunnels.
    Proxy(SocketAddr),
}

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From one end to the other.
    OneWay,
    /// From each end to the other at the same time.
    BothWays,
    /// There and back, a few bytes at a time.
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
