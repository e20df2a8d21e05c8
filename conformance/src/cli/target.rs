//! The target: the address of a server, or a command that starts the server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::words::{duration, pair, quoted};
use crate::run::{Lifetime, Target};
use crate::spawn::{PORT, START_BOUND, Spawn};

/// The arguments that name the target.
#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    /// Address and port of the server, such as 127.0.0.1:7777
    #[arg(required_unless_present = "spawn")]
    target: Option<String>,

    /// Start the server with this command, and start it again after a crash; the command must run as long as the server. In the command, {port} stands for a free port (or for the port of TARGET), and {scratch} for an empty directory
    #[arg(long, value_name = "COMMAND", help_heading = "Start the server")]
    spawn: Option<String>,

    /// Directory in which to run the command
    #[arg(
        long,
        value_name = "DIR",
        requires = "spawn",
        help_heading = "Start the server"
    )]
    spawn_dir: Option<String>,

    /// Add this variable to the environment of the command
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, requires = "spawn", help_heading = "Start the server")]
    spawn_env: Vec<(String, String)>,

    /// The server is ready when it prints a line with this text [default: when its port accepts connections]
    #[arg(
        long,
        value_name = "TEXT",
        requires = "spawn",
        help_heading = "Start the server"
    )]
    ready_line: Option<String>,

    /// Maximum time until the server answers the first login [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "spawn", help_heading = "Start the server")]
    spawn_timeout: Option<Duration>,

    /// Start a process for each case, instead of processes that serve one case after the other
    #[arg(
        long,
        value_enum,
        requires = "spawn",
        help_heading = "Start the server"
    )]
    isolate: Option<Isolation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Isolation {
    /// A fresh process for each case
    Case,
}

/// The default number of cases that are played at the same time.
const JOBS: usize = 8;

/// The default number with `--spawn`. A case mostly waits, so this number may be higher than the number of processors.
const PROCESSES: usize = 4;

impl TargetArguments {
    /// Returns the target: an address, or a command that starts the server. The error is a message for the user.
    pub(super) fn target(&self) -> Result<Target, String> {
        let address = self.target.as_deref().map(resolve).transpose()?;
        let Some(command) = &self.spawn else {
            return address.map(Target::Address).ok_or_else(|| {
                "no server to judge: give an address, or --spawn COMMAND".to_owned()
            });
        };
        let spawn = Spawn {
            command: command.clone(),
            directory: self.spawn_dir.clone(),
            environment: self.spawn_env.clone(),
            ready_line: self.ready_line.clone(),
            start_bound: self.spawn_timeout.unwrap_or(START_BOUND),
            address,
        };
        if address.is_none() && !spawn.takes_a_port() {
            return Err(format!(
                "the command does not tell the server its port: write {PORT} in place of the port; if the port is fixed, \
                 write the server's address before --spawn"
            ));
        }
        let lifetime = match self.isolate {
            Some(Isolation::Case) => Lifetime::Case,
            None => Lifetime::Run,
        };
        Ok(Target::Spawned { spawn, lifetime })
    }

    /// Returns whether the runner starts the target.
    pub(super) fn is_started(&self) -> bool {
        self.spawn.is_some()
    }

    /// Returns the default number of cases that are played at the same time. With `--spawn`, each of these cases has a process
    /// of its own, so the number is smaller.
    pub(super) fn jobs(&self) -> usize {
        match self.spawn {
            None => JOBS,
            Some(_) => PROCESSES,
        }
    }

    /// Returns these arguments as they were given.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.target.iter().map(|target| quoted(target)).collect();
        let texts = [
            ("--spawn", &self.spawn),
            ("--spawn-dir", &self.spawn_dir),
            ("--ready-line", &self.ready_line),
        ];
        for (option, text) in texts {
            words.extend(
                text.as_ref()
                    .map(|text| format!("{option} {}", quoted(text))),
            );
        }
        for (name, value) in &self.spawn_env {
            words.push(format!(
                "--spawn-env {}",
                quoted(&format!("{name}={value}"))
            ));
        }
        if let Some(timeout) = self.spawn_timeout {
            words.push(format!("--spawn-timeout {timeout:?}"));
        }
        if self.isolate.is_some() {
            words.push("--isolate case".to_owned());
        }
        words
    }
}

/// Returns the first address of the name. The other addresses usually belong to the same server, in another address family.
pub(super) fn resolve(target: &str) -> Result<SocketAddr, String> {
    let mut addresses = target.to_socket_addrs().map_err(|error| {
        format!("{target:?} is not an address: {error}; write HOST:PORT, such as 127.0.0.1:7777")
    })?;
    addresses
        .next()
        .ok_or_else(|| format!("{target:?} has no address"))
}
