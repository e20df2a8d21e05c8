//! `matou serve`: starts the server, prints its addresses, and serves until a signal arrives.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use log::{LevelFilter, info};
use matou_server::{Config, Server};

use super::address::resolve;
use super::config::{configuration, described_options, log_level};
use super::output::{Unprinted, print};
use super::{WRONG_USAGE, complain, logging, notify};

/// Serve one or more protocols
///
/// The server writes a line `listening PROTOCOL ADDRESS` with the actual port to standard output for each listener, and then
/// `ready`. It writes the log to standard error. After SIGINT, SIGTERM or SIGHUP, the server first writes the bytes that are
/// queued for clients, for at most five seconds. Then it stops. If the variable NOTIFY_SOCKET is set, the server also tells
/// systemd when it is ready and when it begins to stop.
#[derive(Debug, Args)]
#[command(after_long_help = described_options())]
pub(super) struct ServeArgs {
    /// Protocol and address to serve, such as chaton=127.0.0.1:7777, or with options chaton=0.0.0.0:7777,long=4
    ///
    /// May be repeated. Port 0 lets the system choose a port. Without --listen, every protocol is served on loopback: chaton
    /// on port 7777, chatos-groupe2 on 7778, chatos-1.0 on 7779, chathack on 7780, chatr on 7781. The end of this help lists
    /// the options.
    #[arg(long, value_name = "PROTOCOL=ADDR:PORT[,option=value]...")]
    listen: Vec<String>,
    /// Address of the registry of chatr, where clients register their public keys
    ///
    /// The registry accepts HTTPS, and from clients on this machine also plain HTTP. The server prints the address of the
    /// registry in a line that begins with `listening chatr-rest`. Without a registry, only clients that were added with
    /// `matou identity register` can log in to chatr.
    #[arg(long, value_name = "ADDR:PORT", value_parser = resolve)]
    rest: Option<SocketAddr>,

    /// TOML file with the server's settings: data, rest, connections, writers, workers, outbox-total and `[[listen]]` tables
    ///
    /// connections: maximum open connections of all listeners together. writers: threads that write to slow clients.
    /// workers: threads that check passwords [default: half the cores]. outbox-total: maximum bytes queued for all slow
    /// clients together [default: 268435456]. Each `[[listen]]` table describes a listener: it has the keys protocol and
    /// address, and the options of --listen. Listeners given as arguments replace those of the file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Data directory: accounts of chathack, identities and certificate of chatr [default: matou in the user's data
    /// directory, such as ~/.local/share/matou]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Log level: off, error, warn, info, debug (every frame, decoded) or trace
    ///
    /// At the levels error, warn and info, the server writes at most five messages of each kind in ten seconds, and counts
    /// the other messages.
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_level)]
    log: LevelFilter,
}

pub(super) fn run(arguments: ServeArgs) -> ExitCode {
    let ServeArgs {
        listen,
        rest,
        config,
        data,
        log,
    } = arguments;
    match configuration(&listen, config.as_deref(), data) {
        Ok(mut config) => {
            config.registry = rest.or(config.registry);
            serve(config, log)
        }
        Err(why) => refuse(&why),
    }
}

fn refuse(why: &dyn std::fmt::Display) -> ExitCode {
    complain(why);
    ExitCode::from(WRONG_USAGE)
}

fn serve(config: Config, level: LevelFilter) -> ExitCode {
    let stop = match Stop::register() {
        Ok(stop) => stop,
        Err(error) => return refuse(&format!("cannot wait for signals: {error}")),
    };
    let logging = logging::start(level);
    let server = match Server::start(config) {
        Ok(server) => server,
        Err(error) => {
            drop(logging);
            return refuse(&error);
        }
    };
    info!(
        "maximum number of open connections: {}",
        server.connection_ceiling()
    );
    if let Err(why) = say(&addresses(&server)) {
        server.stop();
        drop(logging);
        return refuse(&why);
    }
    notify::ready();
    let signal = stop.wait();
    info!("stopping: {signal}");
    notify::stopping();
    server.stop();
    ExitCode::SUCCESS
}

/// Returns a line for each listener, then `ready`.
fn addresses(server: &Server) -> String {
    let listeners = server.listeners().iter();
    let lines =
        listeners.map(|listener| format!("listening {} {}\n", listener.name, listener.address));
    lines.collect::<String>() + "ready\n"
}

/// Writes the addresses to standard output. If the reader has closed standard output, the server continues. If writing fails
/// for another reason, such as a full disk, returns an error, because the addresses would be lost.
fn say(lines: &str) -> Result<(), Unprinted> {
    match print(lines) {
        Err(why) if !why.reader_is_gone() => Err(why),
        _ => Ok(()),
    }
}

/// Waits for SIGINT, SIGTERM or SIGHUP. A second signal ends the program at once.
#[cfg(unix)]
struct Stop(signal_hook::iterator::Signals);

#[cfg(unix)]
impl Stop {
    fn register() -> io::Result<Stop> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let stopping = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let mut signals = vec![SIGINT, SIGTERM];
        // `nohup` makes a program ignore SIGHUP, so that it continues after its terminal is closed. So an ignored SIGHUP
        // must not stop the server.
        if !ignores(SIGHUP) {
            signals.push(SIGHUP);
        }
        for &signal in &signals {
            signal_hook::flag::register_conditional_shutdown(
                signal,
                128 + signal,
                stopping.clone(),
            )?;
            signal_hook::flag::register(signal, stopping.clone())?;
        }
        signal_hook::iterator::Signals::new(&signals).map(Stop)
    }

    fn wait(mut self) -> &'static str {
        let signal = self.0.forever().next().unwrap_or_default();
        signal_hook::low_level::signal_name(signal).unwrap_or("a signal")
    }
}

/// Returns true if this signal was already ignored when this program started.
#[cfg(target_os = "linux")]
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_default() >> (signal - 1) & 1 == 1
}

/// Always returns true, so SIGHUP is never caught. On Unix systems other than Linux, only unsafe code could find out whether
/// a signal is ignored.
#[cfg(all(unix, not(target_os = "linux")))]
fn ignores(_: i32) -> bool {
    true
}

/// On systems other than Unix, this program cannot wait for a signal. Ctrl-C ends it at once, without an orderly stop.
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
