//! `conformance load`: many clients at once.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::Outcome;
use super::target::resolve;
use super::words::{at_least_one, pair, positive};
use crate::load::{
    self, Bounds, Direction, FanOut, Figures, Language, Pace, Teller, Trouble, Tunnel, Work, peers,
};
use crate::suite::Suite;
use crate::text;

/// What `load` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Each message carries its sender, its number and a filler; each client checks every message of every sender. A server that
loses, reorders or damages one breaks a promise, however fast it is.

Exit codes:
  0  everything that was sent came, once, whole and in order
  1  a promise was broken, or not everybody was let in
  2  wrong usage
  3  nothing listens there")]
pub(super) struct LoadArguments {
    /// A protocol that is compiled in (`conformance list`), or the folder of another; to compare with: irc, mqtt, nats (a
    /// room of theirs), tls (handshakes alone), or proxy (tunnels through any TCP proxy that leads to --backend)
    protocol: String,

    /// Address and port of the server, such as 127.0.0.1:7777
    target: String,

    /// What the clients do
    #[arg(long, value_enum, default_value_t = Kind::FanOut)]
    work: Kind,

    /// How many clients there are (fan-out, storm, idle)
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    clients: usize,

    /// How many of them speak (fan-out)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_least_one)]
    senders: usize,

    /// How many messages each sender has under way (fan-out)
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = at_least_one)]
    window: usize,

    /// So many messages a second in all, instead of a window (fan-out)
    #[arg(long, value_name = "N", conflicts_with = "window", value_parser = positive)]
    rate: Option<f64>,

    /// Bytes of text in a message (fan-out), or of a round trip (ping-pong)
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = at_least_one)]
    size: usize,

    /// At most so many messages (fan-out)
    #[arg(long, value_name = "N")]
    messages: Option<u64>,

    /// How many connect, log in and leave at the same time (churn)
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = at_least_one)]
    slots: usize,

    /// How many MiB go each way (tunnel, tunnel-both-ways)
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = at_least_one)]
    mebibytes: usize,

    /// How long the work lasts
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = positive)]
    seconds: f64,

    /// How many connections are made at the same time (fan-out, storm, idle)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one)]
    at_once: usize,

    /// What does not come for so many seconds is lost
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = positive)]
    patience: f64,

    /// Everything together ends after so many seconds, whatever is missing
    #[arg(long, value_name = "N", default_value_t = 300.0, value_parser = positive)]
    time_limit: f64,

    /// The server's process on this machine, to tell its CPU time and memory (Linux)
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,

    /// Which choice the server takes where the document leaves one
    #[arg(long, value_name = "READING=CHOICE", value_parser = pair)]
    reading: Vec<(String, String)>,

    /// Where the server knows its clients from, if they cannot choose their names: rest=ADDR registers as many as are
    /// needed, identities=FILE names some that it knows already
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    /// Where the load listens for what a proxy connects to
    #[arg(long, value_name = "ADDRESS", required_if_eq("protocol", "proxy"))]
    backend: Option<SocketAddr>,

    /// Also writes the figures for programs
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Messages for everybody, each checked with everybody
    FanOut,
    /// Clients connect and log in, and that is all
    Storm,
    /// Clients are in, and only answer what they are asked
    Idle,
    /// Connect, log in, leave, again and again
    Churn,
    /// Bytes through a private connection
    Tunnel,
    /// The same in both directions at once
    TunnelBothWays,
    /// A few bytes there and back
    PingPong,
}

/// Puts a load on a server.
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
    };
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
    match done {
        Ok(figures) => outcome(arguments, &figures),
        Err(trouble) => Outcome {
            code: match trouble {
                Trouble::CannotConnect(_) => 3,
                Trouble::NoSuchWork(_) | Trouble::Protocol(_) | Trouble::Machine(_) => 2,
                Trouble::NotAllIn { .. } | Trouble::Lost(_) => 1,
            },
            ..Outcome::refused(format!("{target}: {trouble}\n"))
        },
    }
}

/// The target's address, if the arguments fit each other and the protocol.
fn usable(arguments: &LoadArguments, suite: Option<&Suite>) -> Result<SocketAddr, String> {
    if arguments.work == Kind::FanOut {
        if arguments.clients < 2 {
            return Err("a message for everybody needs two clients: --clients 2".to_owned());
        }
        if arguments.senders > arguments.clients {
            return Err(format!(
                "{} senders are more than the {} clients: --senders {}",
                arguments.senders, arguments.clients, arguments.clients
            ));
        }
    }
    if let Some((name, _)) =
        (arguments.settings.iter()).find(|(name, _)| !load::SETTINGS.contains(&name.as_str()))
    {
        return Err(format!(
            "--set {name}: a load knows rest=ADDR and identities=FILE"
        ));
    }
    for (name, choice) in &arguments.reading {
        let reading = suite.and_then(|suite| suite.grammar.reading_named(name));
        if reading.is_none_or(|reading| reading.choice_named(choice).is_none()) {
            let protocol = &arguments.protocol;
            return Err(format!("{protocol} has no reading {name}={choice}"));
        }
    }
    if let Some(process) = arguments
        .pid
        .filter(|process| !load::tells_its_cost(*process))
    {
        return Err(format!(
            "the cost of process {process} cannot be told here: leave --pid out"
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

fn outcome(arguments: &LoadArguments, figures: &Figures) -> Outcome {
    let mut outcome = Outcome {
        code: u8::from(!figures.flaws().none()),
        ..Outcome::said(figures.to_string())
    };
    if let Some(file) = &arguments.json {
        let json = serde_json::to_string_pretty(figures).unwrap_or_default();
        if let Err(error) = std::fs::write(file, text::json(&json) + "\n") {
            outcome.complain(&format!(
                "the figures cannot be written to {}: {error}\n",
                file.display()
            ));
        }
    }
    outcome
}
