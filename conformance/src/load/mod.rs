//! A load: many clients at once against one server, and every promise checked while it lasts.
//!
//! Unlike a scenario a load does not judge a document: it asks how much, how fast and at what cost, and whether what is
//! promised to one client still holds for all of them: each message reaches everybody, once, whole and in order.
//!
//! | file | what |
//! |---|---|
//! | `speech` | the protocol's exchanges as `load` of wire.kdl has them, as bytes |
//! | `tongue`, `peers` | what any protocol must offer to a load; those of other servers, to compare with |
//! | `names` | how its clients are called, or who they are |
//! | `client`, `crowd` | many connections on one thread |
//! | `payload` | messages that show loss, disorder and damage |
//! | `fan_out` | messages for everybody, as fast as they come back or at a rate |
//! | `idle` | clients that are there and say nothing unasked |
//! | `talker`, `churn`, `tunnel` | the work that needs few connections: one blocking thread for each |
//! | `target` | what the server's process costs |
//! | `figures` | what came of it |

mod churn;
mod client;
mod crowd;
mod fan_out;
mod figures;
mod idle;
mod names;
mod payload;
pub mod peers;
mod speech;
mod talker;
mod target;
mod tongue;
mod tunnel;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::grammar::Choices;
use crate::identity::{IDENTITIES, REST};
use crate::suite::Suite;
use crowd::Crowd;
pub use figures::{
    ChurnFigures, FanOutFigures, Figures, Flaws, IdleFigures, Latency, ServerCost, StormFigures,
    TunnelFigures,
};
use speech::Speech;
use talker::Talker;
use target::Meter;
use tongue::Tongue;
pub use tunnel::Direction;

/// The settings that a load knows: where a server knows its clients from.
pub const SETTINGS: [&str; 2] = [REST, IDENTITIES];

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Clients connect and log in, and that is all.
    Storm {
        /// How many.
        clients: usize,
        /// At most so many logins are under way.
        at_once: usize,
    },
    /// Messages for everybody.
    FanOut(FanOut),
    /// Clients that are in, and only answer what they are asked, such as pings.
    Idle {
        /// How many.
        clients: usize,
        /// At most so many logins are under way before.
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
    /// At most so many messages.
    pub messages: u64,
    /// New messages are sent for so long.
    pub lasts: Duration,
    /// At most so many logins are under way before.
    pub at_once: usize,
}

/// How fast messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Each sender has so many messages under way that have not reached everybody.
    Window(usize),
    /// So many messages a second in all.
    Rate(f64),
}

/// What keeps a load from going on for ever.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Nothing comes for so long: it will not come.
    pub patience: Duration,
    /// The whole load ends then, whatever is missing.
    pub until: Instant,
    /// The process of the server, if its cost is to be known.
    pub process: Option<u32>,
}

impl Bounds {
    fn over(&self) -> bool {
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

    fn tell(&self, words: impl FnOnce() -> String) {
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
    /// Another one, by its name in [`peers::NAMES`].
    Peer(&'a str),
    /// No protocol at all: a proxy that connects everybody to this address, where the load listens. Only for tunnels.
    Proxy(SocketAddr),
}

/// Puts a load on a server.
///
/// # Errors
///
/// If it cannot begin, or the protocol has no such work. A promise that the server breaks under the load is no error but a
/// figure.
pub fn run(
    language: Language<'_>,
    target: SocketAddr,
    work: &Work,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<Figures, Trouble> {
    let tongue: Box<dyn Tongue> = match (language, work) {
        (Language::Suite { suite, .. }, Work::Tunnel(_)) if !relays(suite) => {
            return Err(Trouble::NoSuchWork(
                "a private connection that the server relays",
            ));
        }
        (
            Language::Suite {
                suite,
                choices,
                settings,
            },
            Work::Tunnel(what),
        ) => {
            let speech =
                Speech::new(&suite.grammar, choices, settings).map_err(Trouble::Protocol)?;
            let ends = tunnel::agree(&speech, target, bounds)?;
            return tunnel::play(ends, what, bounds, teller).map(Figures::Tunnel);
        }
        (Language::Proxy(backend), Work::Tunnel(what)) => {
            let ends = tunnel::through_proxy(target, backend, bounds)?;
            return tunnel::play(ends, what, bounds, teller).map(Figures::Tunnel);
        }
        (Language::Proxy(_), _) => return Err(Trouble::NoSuchWork("clients")),
        (
            Language::Suite {
                suite,
                choices,
                settings,
            },
            _,
        ) => Box::new(Speech::new(&suite.grammar, choices, settings).map_err(Trouble::Protocol)?),
        (Language::Peer(name), _) => peers::tongue_of(name).ok_or(Trouble::NoSuchWork("a load"))?,
    };
    let tongue = tongue.as_ref();
    match work {
        Work::FanOut(_) if !tongue.has_messages() => Err(Trouble::NoSuchWork("a broadcast")),
        Work::Storm { clients, at_once } => {
            storm(tongue, target, *clients, *at_once, bounds, teller).map(Figures::Storm)
        }
        Work::FanOut(what) => {
            fan_out::play(tongue, target, what, bounds, teller).map(Figures::FanOut)
        }
        Work::Idle {
            clients,
            at_once,
            lasts,
        } => {
            let crowd = (*clients, *at_once);
            idle::play(tongue, target, crowd, *lasts, bounds, teller).map(Figures::Idle)
        }
        Work::Churn { slots, lasts } => {
            churn::play(tongue, target, *slots, *lasts, bounds, teller).map(Figures::Churn)
        }
        Work::Tunnel(_) => Err(Trouble::NoSuchWork(
            "a private connection that the server relays",
        )),
    }
}

fn relays(suite: &Suite) -> bool {
    let load = suite.grammar.load.as_ref();
    // Without any load the protocol cannot be spoken at all, which is the better thing to say.
    load.is_none_or(|load| !load.tunnel.is_empty())
}

/// Whether this system tells what that process costs.
#[must_use]
pub fn tells_its_cost(process: u32) -> bool {
    target::readable(process)
}

fn storm(
    tongue: &dyn Tongue,
    target: SocketAddr,
    clients: usize,
    at_once: usize,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<StormFigures, Trouble> {
    let names = tongue.names(clients).map_err(Trouble::Protocol)?;
    let meter = Meter::start(bounds.process);
    let began = Instant::now();
    let crowd = gather_crowd(tongue, target, &names, at_once, bounds, teller)?;
    let took = began.elapsed();
    let resident = meter.resident_per(clients);
    Ok(StormFigures {
        clients,
        seconds: took.as_secs_f64(),
        per_second: clients as f64 / took.as_secs_f64(),
        latency: (&crowd.logins).into(),
        server: meter.cost(clients as u64, resident),
    })
}

fn gather_crowd<'a>(
    tongue: &'a dyn Tongue,
    target: SocketAddr,
    names: &[String],
    at_once: usize,
    bounds: &Bounds,
    teller: &Teller<'_>,
) -> Result<Crowd<'a>, Trouble> {
    // Tells nobody there from nobody let in.
    drop(Talker::connect(target, None, bounds.patience).map_err(Trouble::CannotConnect)?);
    target::allow_descriptors(names.len());
    let mut crowd =
        Crowd::new(tongue, target).map_err(|error| Trouble::Machine(error.to_string()))?;
    crowd.gather(names, at_once, bounds, &mut |known| {
        teller.tell(|| format!("{known} of {} clients are logged in", names.len()));
    })?;
    Ok(crowd)
}
