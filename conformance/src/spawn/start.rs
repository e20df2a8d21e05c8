//! Starts a command.

use std::io::{self, PipeReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::group::Living;
use super::process::Started;
use super::scratch::Scratch;
use super::tag::{self, Tag};
use super::{Log, NotStarted, PORT, Process, SCRATCH, Spawn, Survivors, complaint, group, ready};

/// The pause before the runner starts the target again.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// Maximum number of starts, each with another port. More than one start may be needed, because another process may bind the
/// chosen port before the target does.
const PORTS: usize = 3;

/// Time limit for a connection that checks whether a port is open.
pub(super) const CONNECT_BOUND: Duration = Duration::from_millis(500);

pub(super) fn start(spawn: &Spawn, survivors: &Arc<Survivors>) -> Result<Process, NotStarted> {
    let until = Instant::now() + spawn.start_bound;
    let mut tries = 0;
    loop {
        tries += 1;
        match start_once(spawn, until, survivors) {
            Err(Trouble::Ended(_)) if may_try_again(spawn, tries, until) => {
                std::thread::sleep(TRY_AGAIN);
            }
            Err(Trouble::Ended(why) | Trouble::Final(why)) => return Err(why),
            Ok(process) => return Ok(process),
        }
    }
}

/// Returns whether another start may succeed. A process that ends before it is ready may have found its port in use. For the
/// next start the runner chooses another port. If the port is fixed, another start may help too, because the system may
/// release the port after a while.
fn may_try_again(spawn: &Spawn, tries: usize, until: Instant) -> bool {
    match spawn.address {
        Some(_) => Instant::now() < until,
        None => tries < PORTS,
    }
}

pub(super) enum Trouble {
    /// The process ended before it was ready.
    Ended(NotStarted),
    /// Another start would fail in the same way.
    Final(NotStarted),
}

fn start_once(
    spawn: &Spawn,
    until: Instant,
    survivors: &Arc<Survivors>,
) -> Result<Process, Trouble> {
    let address = choose_address(spawn)?;
    let scratch = Scratch::create()
        .map_err(|error| failed(format!("cannot create a scratch directory: {error}")))?;
    let tag = Tag::of_next_start();
    let began = Instant::now();
    let placed = Placed {
        spawn,
        address,
        scratch: &scratch.path(),
    };
    let living = |leader| Living {
        leader,
        scratch: scratch.root().to_owned(),
        survivors: Arc::clone(survivors),
    };
    let (child, output) = launch(&placed, &tag, living)?;
    let started = Started {
        address,
        child,
        tag,
        scratch,
        began,
        until,
        survivors: Arc::clone(survivors),
    };
    let log = Arc::new(Log::default());
    let filled = Arc::clone(&log);
    let process = Process::new(started, log);
    std::thread::Builder::new()
        .name("output of the target".to_owned())
        .spawn(move || filled.read_from(output))
        .map_err(|error| {
            failed(format!(
                "cannot start a thread that reads the output of the target: {error}"
            ))
        })?;
    ready::wait(&placed, &process)?;
    Ok(process)
}

fn failed(why: String) -> Trouble {
    Trouble::Final(NotStarted {
        why,
        output: String::new(),
    })
}

fn choose_address(spawn: &Spawn) -> Result<SocketAddr, Trouble> {
    if let Some(address) = spawn.address {
        if TcpStream::connect_timeout(&address, CONNECT_BOUND).is_ok() {
            return Err(failed(format!(
                "another process already listens on {address}; end that process, or write {PORT} into the command"
            )));
        }
        return Ok(address);
    }
    let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    TcpListener::bind(loopback)
        .and_then(|listener| listener.local_addr())
        .map_err(|error| failed(format!("cannot find a free port on loopback: {error}")))
}

/// A command with the values for its placeholders.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) spawn: &'a Spawn,
    pub(super) address: SocketAddr,
    pub(super) scratch: &'a Path,
}

impl Placed<'_> {
    /// Returns the text with all placeholders replaced.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace(PORT, &self.address.port().to_string())
            .replace(SCRATCH, &self.scratch.to_string_lossy())
    }

    /// Returns the working directory; `None` for the current directory.
    pub(super) fn directory(&self) -> Option<String> {
        let directory = self.spawn.directory.as_deref();
        directory.map(|directory| self.fill(directory))
    }
}

/// Starts the command. Its standard output and its standard error go into one pipe, so that their order is kept.
fn launch(
    placed: &Placed<'_>,
    tag: &Tag,
    living: impl FnOnce(u32) -> Living,
) -> Result<(Child, PipeReader), Trouble> {
    let directory = placed.directory();
    if let Some(directory) = &directory
        && !Path::new(directory).is_dir()
    {
        return Err(failed(complaint::no_directory(placed.spawn, directory)));
    }
    let command = &placed.spawn.command;
    let pipe = || -> io::Result<_> {
        let (output, input) = io::pipe()?;
        Ok((output, input.try_clone()?, input))
    };
    let not_started = |error| failed(format!("cannot start `{command}`: {error}"));
    let (output, input, errors) = pipe().map_err(not_started)?;
    let mut shell = shell(&placed.fill(command));
    shell.stdin(Stdio::null()).stdout(input).stderr(errors);
    for name in ["TMPDIR", "TMP", "TEMP"] {
        shell.env(name, placed.scratch);
    }
    // Without this variable, a Python program buffers its output, and the last output would be lost when the program is
    // killed.
    shell.env("PYTHONUNBUFFERED", "1");
    for (name, value) in &placed.spawn.environment {
        shell.env(name, placed.fill(value));
    }
    let inherited = std::env::var(tag::VARIABLE).ok();
    shell.env(tag::VARIABLE, tag.value(inherited.as_deref()));
    if let Some(directory) = &directory {
        shell.current_dir(directory);
    }
    group::separate(&mut shell);
    let child = group::start(&mut shell, living).map_err(not_started)?;
    // `shell` owns the writing ends of the pipe. It is dropped at the end of this function, so that only the target has
    // writing ends.
    Ok((child, output))
}

fn shell(line: &str) -> Command {
    let (program, option) = match cfg!(windows) {
        true => ("cmd", "/C"),
        false => ("sh", "-c"),
    };
    let mut command = Command::new(program);
    command.arg(option).arg(line);
    command
}
