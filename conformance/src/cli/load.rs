//! `conformance load`: measures a server that many clients use at the same time.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::interrupt::on_interruption;
use super::output_file::OutputFile;
use super::target::resolve;
use super::words::{at_least_one, pair, positive};
use super::{Outcome, words};
use crate::load::{
    self, Bounds, Direction, FanOut, Figures, Language, Pace, Teller, Trouble, Tunnel, Work, peers,
};
use crate::suite::Suite;
use crate::text;

/// The arguments of `load`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each message contains its sender, a number and padding. Each client checks every message of every sender. Even under a high
load, a server must not lose, reorder or damage a message.

Some servers limit how many bytes per second one address may send (matou serve: talk-rate). All clients of a load have the
same address, so such a limit applies to all of them together.

Ctrl-C ends the load early and shows the figures so far.

Exit codes:
  0  every message arrived exactly once, undamaged and in order
  1  a message was lost, reordered or damaged, or not all clients could log in
  2  wrong usage
  3  no server listens at this address
  130, 143, 129  ended by Ctrl-C, SIGTERM or SIGHUP")]
pub(super) struct LoadArguments {
    /// A protocol that comes with the program (`conformance list`), or the folder of a suite. To compare with
    /// another kind of server, write irc, mqtt or nats (for a room of such a server), tls (only TLS handshakes), or proxy
    /// (tunnels through a TCP proxy to --backend)
    #[arg(add = words::protocol())]
    protocol: String,

    /// Address and port of the server, such as 127.0.0.1:7777
    target: String,

    /// What the clients do
    #[arg(long, value_enum, default_value_t = Kind::FanOut)]
    work: Kind,

    /// Number of clients (fan-out, storm, idle)
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    clients: usize,

    /// Number of clients that send (fan-out)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_least_one)]
    senders: usize,

    /// Maximum number of messages in flight per sender: messages that are sent but not yet delivered to all clients
    /// (fan-out)
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = at_least_one)]
    window: usize,

    /// Messages per second of all senders together, instead of --window (fan-out)
    #[arg(long, value_name = "N", conflicts_with = "window", value_parser = positive)]
    rate: Option<f64>,

    /// Bytes of text per message (fan-out), or bytes per round trip (ping-pong)
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = at_least_one)]
    size: usize,

    /// Maximum number of messages that all senders together send (fan-out)
    #[arg(long, value_name = "N")]
    messages: Option<u64>,

    /// Number of slots; in each slot, clients connect, log in and leave one after another (churn)
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = at_least_one)]
    slots: usize,

    /// MiB to send in each direction (tunnel, tunnel-both-ways)
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = at_least_one)]
    mebibytes: usize,

    /// Duration of the work, in seconds
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = positive)]
    seconds: f64,

    /// Maximum number of clients that connect and log in at the same time (fan-out, storm, idle)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one)]
    at_once: usize,

    /// Seconds to wait for a message; after this time the message counts as lost
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = positive)]
    patience: f64,

    /// Maximum duration of the whole command, in seconds
    #[arg(long, value_name = "N", default_value_t = 300.0, value_parser = positive)]
    time_limit: f64,

    /// Also report the CPU time and the memory of the server process with this ID on this machine (Linux)
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,

    /// A question that the document leaves open, and the server's choice, such as long-width=4
    #[arg(long, value_name = "READING=CHOICE", value_parser = pair)]
    reading: Vec<(String, String)>,

    /// Identities for protocols in which clients cannot choose their names. With rest=ADDR, the load registers new
    /// identities. With identities=FILE, it uses identities that are already registered
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    /// Address where this program listens for connections from the proxy (only for the protocol `proxy`)
    #[arg(long, value_name = "ADDRESS", required_if_eq("protocol", "proxy"))]
    backend: Option<SocketAddr>,

    /// Also write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Some clients broadcast messages; every client checks every message
    FanOut,
    /// Clients connect and log in, and do nothing else
    Storm,
    /// Clients stay logged in and only answer pings
    Idle,
    /// Clients connect, log in and leave, again and again
    Churn,
    /// Send bytes through a private connection, in one direction
    Tunnel,
    /// Send bytes through a private connection, in both directions at the same time
    TunnelBothWays,
    /// Send a few bytes through a private connection, wait for the answer, and repeat
    PingPong,
}

/// Runs a load on a server.
pub(super) fn load(arguments: &LoadArguments) -> Outcome {
    let foreign = peers::NAMES.contains(&arguments.protocol.as_str());
    let suite = match (foreign, arguments.backend) {
        (false, None) => match Suite::find(&arguments.protocol) {
            Ok(suite) => Some(suite),
            Err(mistakes) => return Outcome::mistaken(&mistakes),
        },
        _ => None,
    };
    let target = match usable(arguments, suite.as_ref()) {
        Ok(target) => target,
        Err(why) => return Outcome::refused(format!("{why}\n")),
    };
    let file = match arguments.json.as_deref().map(OutputFile::open).transpose() {
        Ok(file) => file,
        Err(why) => return Outcome::refused(format!("{why}\n")),
    };
    let choices = arguments.reading.iter().cloned().collect();
    let settings = arguments.settings.iter().cloned().collect();
    let language = match (&suite, arguments.backend) {
        (Some(suite), _) => Language::Suite {
            suite,
            choices: &choices,
            settings: &settings,
        },
        (None, Some(backend)) => Language::Proxy(backend),
        (None, None) => Language::Peer(&arguments.protocol),
    };
    let bounds = Bounds {
        patience: Duration::from_secs_f64(arguments.patience),
        until: Instant::now() + Duration::from_secs_f64(arguments.time_limit),
        process: arguments.pid,
        is_stopped: || SIGNAL.load(Ordering::Relaxed) != 0,
    };
    let handled = on_interruption(|signal| SIGNAL.store(signal, Ordering::Relaxed));
    if let Err(error) = handled {
        return Outcome::refused(format!("cannot install the handler for Ctrl-C: {error}\n"));
    }
    let visible = io::stderr().is_terminal();
    let tell = |words: &str| {
        if visible {
            let _ = write!(io::stderr(), "\r\x1b[K{}", text::line(words));
        }
    };
    let teller = Teller::new(&tell);
    let done = load::run(language, target, &work(arguments), &bounds, &teller);
    if visible {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    let outcome = match done {
        Ok(figures) => outcome(file, &figures),
        Err(trouble) => Outcome {
            code: match trouble {
                Trouble::CannotConnect(_) => 3,
                Trouble::NoSuchWork(_) | Trouble::Protocol(_) | Trouble::Machine(_) => 2,
                Trouble::NotAllIn { .. } | Trouble::Lost(_) => 1,
            },
            ..Outcome::refused(format!("{target}: {trouble}\n"))
        },
    };
    interrupted(outcome)
}

/// The number of the signal that ended the load early; 0 until a signal arrives.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Returns the outcome with the exit code of the signal, if a signal ended the load.
fn interrupted(mut outcome: Outcome) -> Outcome {
    let signal = SIGNAL.load(Ordering::Relaxed);
    if signal != 0 {
        outcome.complain("the load was stopped early; the figures cover the time until then\n");
        outcome.code = u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    outcome
}

/// Returns the target's address. The error is a message about a wrong argument.
fn usable(arguments: &LoadArguments, suite: Option<&Suite>) -> Result<SocketAddr, String> {
    if arguments.work == Kind::FanOut {
        if arguments.clients < 2 {
            return Err("fan-out needs at least two clients; write --clients 2 or more".to_owned());
        }
        if arguments.senders > arguments.clients {
            return Err(format!(
                "there are {} senders, but only {} clients; write --senders {} or fewer",
                arguments.senders, arguments.clients, arguments.clients
            ));
        }
    }
    if let Some((name, _)) =
        (arguments.settings.iter()).find(|(name, _)| !load::SETTINGS.contains(&name.as_str()))
    {
        return Err(format!(
            "--set {name}: unknown setting; the settings of a load are rest=ADDR and identities=FILE"
        ));
    }
    for (name, choice) in &arguments.reading {
        let reading = suite.and_then(|suite| suite.grammar.reading_named(name));
        if reading.is_none_or(|reading| reading.choice_named(choice).is_none()) {
            let protocol = &arguments.protocol;
            return Err(format!(
                "{protocol} has no reading with the name {name} and the choice {choice}"
            ));
        }
    }
    if let Some(process) = arguments
        .pid
        .filter(|process| !load::tells_its_cost(*process))
    {
        return Err(format!(
            "cannot read the CPU time and the memory of process {process}; check the process ID, or omit --pid"
        ));
    }
    resolve(&arguments.target)
}

fn work(arguments: &LoadArguments) -> Work {
    let lasts = Duration::from_secs_f64(arguments.seconds);
    let tunnel = |direction, bytes| {
        Work::Tunnel(Tunnel {
            direction,
            bytes,
            lasts,
        })
    };
    let bulk = (arguments.mebibytes as u64) << 20;
    match arguments.work {
        Kind::FanOut => Work::FanOut(FanOut {
            clients: arguments.clients,
            senders: arguments.senders,
            pace: match arguments.rate {
                Some(rate) => Pace::Rate(rate),
                None => Pace::Window(arguments.window),
            },
            size: arguments.size,
            messages: arguments.messages.unwrap_or(u64::from(u32::MAX)),
            lasts,
            at_once: arguments.at_once,
        }),
        Kind::Storm => Work::Storm {
            clients: arguments.clients,
            at_once: arguments.at_once,
        },
        Kind::Idle => Work::Idle {
            clients: arguments.clients,
            at_once: arguments.at_once,
            lasts,
        },
        Kind::Churn => Work::Churn {
            slots: arguments.slots,
            lasts,
        },
        Kind::Tunnel => tunnel(Direction::OneWay, bulk),
        Kind::TunnelBothWays => tunnel(Direction::BothWays, bulk),
        Kind::PingPong => tunnel(Direction::PingPong, arguments.size as u64),
    }
}

fn outcome(file: Option<OutputFile>, figures: &Figures) -> Outcome {
    let mut outcome = Outcome {
        code: u8::from(!figures.flaws().none()),
        ..Outcome::said(figures.to_string())
    };
    if let Some(mut file) = file {
        let json = serde_json::to_string_pretty(figures).unwrap_or_default();
        if let Err(why) = file.write((text::json(&json) + "\n").as_bytes()) {
            outcome.complain(&format!("{why}\n"));
        }
    }
    outcome
}
