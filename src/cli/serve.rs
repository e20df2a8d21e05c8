//! `matou serve`: listens, says where, and serves until it is told to stop.

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use log::{LevelFilter, error, info};

use super::address::resolve;
use super::config::{Listen, Plan, log_level};
use super::data::Data;
use super::protocols::ProtocolOptions;
use super::{WRONG_USAGE, chatr_service, logging};
use matou_protocols::{chathack, chaton, chatos_1_0, chatos_groupe2};
use matou_server::net::{Engine, RequestService, Service};
use matou_server::store::{Accounts, Password};

/// Serve one or more protocols.
///
/// On stdout: a line `listening PROTOCOL ADDRESS` for each listener, with its real port, then `ready`. The log goes to stderr.
/// SIGINT and SIGTERM stop it in order: what is queued for clients is written, for at most five seconds.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// What to serve, and where: chaton=127.0.0.1:7777, or with options chaton=[::]:7777,long=4. May be repeated. Port 0
    /// takes a free one. Without it, every protocol on loopback: chaton 7777, chatos-groupe2 7778, chatos-1.0 7779,
    /// chathack 7780, chatr 7781.
    ///
    /// Options of every protocol, with their defaults: connections-per-address=1024, bound-loopback=false,
    /// first-byte-timeout=60s, identify-timeout=60s, frame-timeout=30s, outbox-bytes=1048576, stall-timeout=30s,
    /// keepalive-idle=60s, keepalive-interval=15s, keepalive-probes=4, unacknowledged-timeout=120s.
    /// Of chaton and chatos-groupe2: long=8 (bytes in a LONG, 8 or 4), pending-as-asker=64, pending-as-target=256,
    /// unused-ids=64, negotiation-timeout=10m, repeat-interval=5s, tunnel-guesses=10 (wrong ids per minute and address
    /// before answers slow down).
    /// Of chatos-1.0: pending-as-asker=64, pending-as-target=256, negotiation-timeout=10m, tunnel-guesses=10,
    /// tunnel-any-address=false (whether a tunnel's end may come from another address than the client it belongs to).
    /// Of chathack: pending-as-asker=64, pending-as-target=256, negotiation-timeout=10m, login-failures=5 (on one connection,
    /// which is closed then), wrong-passwords=10 (per minute and address, before no more are looked at).
    /// Of chatr: cert and key (PEM files; without them a certificate is made on the first start and kept in the data
    /// directory), handshake-timeout=10s, ping-interval=4500ms, ping-timeout=15s, pending-as-asker=64,
    /// pending-as-target=256, negotiation-timeout=10m, registrations=10 (per minute and address), clients=1000000 (as many
    /// may be registered).
    #[arg(
        long,
        value_name = "PROTOCOL=ADDR:PORT[,option=value]...",
        verbatim_doc_comment
    )]
    listen: Vec<String>,
    /// Where the registry of chatr is: clients register their public keys there over HTTPS, or over HTTP from this machine.
    /// On stdout it is chatr-rest. Without it, only `matou identity register` lets somebody in.
    #[arg(long, value_name = "ADDR:PORT", value_parser = resolve)]
    rest: Option<SocketAddr>,
    /// A TOML file: data, rest, connections (at most so many at once), writers (threads for slow clients), workers (threads for
    /// password hashes; by default half as many as cores), and [[listen]] tables with protocol, address and the options of
    /// --listen. Listeners given as arguments replace those of the file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where what must outlive the process is kept: the accounts of chathack, the identities and the certificate of chatr.
    /// Default: matou in the user's data directory, such as ~/.local/share/matou.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How much the log says: off, error, warn, info, debug (every frame, decoded) or trace.
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_level)]
    log: LevelFilter,
}

pub(super) fn run(arguments: ServeArgs) -> ExitCode {
    match Plan::new(
        &arguments.listen,
        arguments.config.as_deref(),
        arguments.data,
    ) {
        Ok(mut plan) => {
            plan.rest = arguments.rest.or(plan.rest);
            serve(plan, arguments.log)
        }
        Err(why) => refuse(&why),
    }
}

fn refuse(why: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("matou: {why}");
    ExitCode::from(WRONG_USAGE)
}

fn serve(plan: Plan, level: LevelFilter) -> ExitCode {
    let stop = match Stop::register() {
        Ok(stop) => stop,
        Err(error) => return refuse(&format!("cannot wait for signals: {error}")),
    };
    if let Err(error) = getrandom::u64() {
        return refuse(&format!(
            "this system has no source of random numbers: {error}"
        ));
    }
    let data = Data::new(plan.data);
    let keeps_data = |listen: &Listen| listen.protocol.keeps_data();
    if plan.listen.iter().any(keeps_data)
        && let Err(error) = data.store()
    {
        return refuse(&error);
    }
    let logging = logging::start(level);
    let engine = Engine::start(&plan.process);
    info!(
        "at most {} connections at once",
        engine.connection_ceiling()
    );
    let mut running = Vec::new();
    let mut chatr = chatr_service::Listeners::default();
    for listen in &plan.listen {
        match listen.start(&engine, &data, &mut chatr) {
            Ok(one) => {
                say(&format!("listening {} {}", one.protocol(), one.address()));
                running.push(one);
            }
            Err(error) => {
                drop(running);
                drop(logging);
                return refuse(&*error);
            }
        }
    }
    let mut registry = None;
    if let Some(address) = plan.rest {
        match chatr.start_registry(address, &engine, &data) {
            Ok(one) => {
                say(&format!("listening {} {}", one.name(), one.address()));
                registry = Some(one);
            }
            Err(error) => {
                drop(running);
                drop(logging);
                return refuse(&*error);
            }
        }
    }
    say("ready");
    let signal = stop.wait();
    info!("stopping: {signal}");
    // All begin to end before any is waited for.
    running.iter_mut().for_each(Service::close);
    registry.iter_mut().for_each(RequestService::close);
    running.into_iter().for_each(Service::join);
    registry.into_iter().for_each(RequestService::join);
    engine.stop();
    ExitCode::SUCCESS
}

/// Whoever started the server may not want to know; a closed stdout stops nothing.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

impl Listen {
    /// The one place where the name of a protocol becomes a type.
    fn start(
        &self,
        engine: &Engine,
        data: &Data,
        chatr: &mut chatr_service::Listeners,
    ) -> Result<Service, Box<dyn Error>> {
        let limits = self.limits.clone();
        let started = match &self.protocol {
            ProtocolOptions::Chaton(options) => {
                let room = chaton::Room::new(*options, Box::new(entropy));
                let codec = options.codec();
                engine.listen(room, codec, self.address, limits)
            }
            ProtocolOptions::ChatosGroupe2(options) => {
                let room = chatos_groupe2::Room::new(*options, Box::new(entropy));
                let codec = options.codec();
                engine.listen(room, codec, self.address, limits)
            }
            ProtocolOptions::Chatos10(options) => {
                engine.listen(chatos_1_0::Room::new(*options), (), self.address, limits)
            }
            ProtocolOptions::Chathack(options) => {
                let room = chathack::Room::new(*options);
                let accounts = Accounts::new(data.store()?);
                let answer = move |question| ask(&accounts, question);
                engine.listen_and_answer(room, (), self.address, limits, answer)
            }
            ProtocolOptions::Chatr(options) => {
                return chatr.start(self, options, engine, data, Box::new(entropy));
            }
        };
        Ok(started?)
    }
}

/// Runs on a worker's thread.
fn ask(accounts: &Accounts, question: chathack::Question) -> chathack::Answer {
    use chathack::{Answer, Question};

    let found = match question {
        Question::IsRight { login, password } => {
            accounts.is_right(&login, &Password::new(password))
        }
        Question::IsAccount { login } => accounts.contains(&login),
    };
    match found {
        Ok(true) => Answer::Yes,
        Ok(false) => Answer::No,
        Err(why) => {
            error!("chathack: {why}");
            Answer::Unknown
        }
    }
}

/// Chance from the system, fit for secrets. Whether there is any was seen at the start; should it fail later, a zero is
/// never taken for an id, and the request that needed one is ignored.
fn entropy() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Waits to be told to stop. A second signal while stopping ends the program at once.
#[cfg(unix)]
struct Stop(signal_hook::iterator::Signals);

#[cfg(unix)]
impl Stop {
    fn register() -> io::Result<Stop> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let stopping = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(
                signal,
                128 + signal,
                stopping.clone(),
            )?;
            signal_hook::flag::register(signal, stopping.clone())?;
        }
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map(Stop)
    }

    fn wait(mut self) -> &'static str {
        let signal = self.0.forever().next().unwrap_or_default();
        signal_hook::low_level::signal_name(signal).unwrap_or("a signal")
    }
}

/// Elsewhere Ctrl-C ends the process as the system does it, without an orderly stop.
#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn register() -> io::Result<Stop> {
        Ok(Stop)
    }

    fn wait(self) -> &'static str {
        loop {
            std::thread::park();
        }
    }
}
