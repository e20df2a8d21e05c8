//! Starts a command, and waits until its process is ready.

use std::io::{self, PipeReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Log, NotStarted, PORT, Process, SCRATCH, Spawn, group, observe};

/// The pause before the runner checks again whether the target is ready, and before it starts the target again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Maximum number of starts, each with another port. More than one start may be needed, because another process may bind the
/// chosen port before the target does.
const PORTS: usize = 3;

/// Time limit for a connection that checks whether a port is open.
const CONNECT_BOUND: Duration = Duration::from_millis(500);

pub(super) fn start(spawn: &Spawn) -> Result<Process, NotStarted> {
    let until = Instant::now() + spawn.start_bound;
    let mut tries = 0;
    loop {
        tries += 1;
        match start_once(spawn, until) {
            Err(Trouble::Ended(_)) if may_try_again(spawn, tries, until) => {
                std::thread::sleep(LOOK_AGAIN);
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

enum Trouble {
    /// The process ended before it was ready.
    Ended(NotStarted),
    /// Another start would fail in the same way.
    Final(NotStarted),
}

fn start_once(spawn: &Spawn, until: Instant) -> Result<Process, Trouble> {
    let address = choose_address(spawn)?;
    let scratch = tempfile::Builder::new()
        .prefix("conformance-")
        .tempdir()
        .map_err(|error| failed(format!("cannot create a scratch directory: {error}")))?;
    let (child, output) = launch(spawn, address, scratch.path())
        .map_err(|error| failed(format!("cannot start `{}`: {error}", spawn.command)))?;
    let log = Arc::new(Log::default());
    let filled = Arc::clone(&log);
    let process = Process::new(address, child, log, scratch);
    std::thread::Builder::new()
        .name("output of the target".to_owned())
        .spawn(move || filled.read_from(output))
        .map_err(|error| {
            failed(format!(
                "cannot start a thread that reads the output of the target: {error}"
            ))
        })?;
    wait_until_ready(spawn, &process, until)?;
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

/// Starts the command. Its standard output and its standard error go into one pipe, so that their order is kept.
fn launch(spawn: &Spawn, address: SocketAddr, scratch: &Path) -> io::Result<(Child, PipeReader)> {
    let filled = |text: &str| {
        text.replace(PORT, &address.port().to_string())
            .replace(SCRATCH, &scratch.to_string_lossy())
    };
    let (output, input) = io::pipe()?;
    let mut command = shell(&filled(&spawn.command));
    command
        .stdin(Stdio::null())
        .stdout(input.try_clone()?)
        .stderr(input);
    for name in ["TMPDIR", "TMP", "TEMP"] {
        command.env(name, scratch);
    }
    // Without this variable, a Python program buffers its output, and the last output would be lost when the program is
    // killed.
    command.env("PYTHONUNBUFFERED", "1");
    for (name, value) in &spawn.environment {
        command.env(name, filled(value));
    }
    if let Some(directory) = &spawn.directory {
        command.current_dir(filled(directory));
    }
    group::separate(&mut command);
    let child = group::start(&mut command, scratch.to_owned())?;
    // `command` owns the writing ends of the pipe. It is dropped at the end of this function, so that only the target has
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

fn wait_until_ready(spawn: &Spawn, process: &Process, until: Instant) -> Result<(), Trouble> {
    let is_ready = |look_until: Instant| match &spawn.ready_line {
        Some(text) => process.log().wait_for_line(text, look_until),
        None => answers(process.address()),
    };
    loop {
        if is_ready(until.min(Instant::now() + LOOK_AGAIN)) {
            return Ok(());
        }
        let told = || process.log().since(Log::beginning());
        if let Some(end) = process.end() {
            return Err(Trouble::Ended(NotStarted {
                why: format!("`{}` ended before it was ready, with {end}", spawn.command),
                output: told(),
            }));
        }
        if Instant::now() >= until {
            return Err(Trouble::Final(NotStarted {
                why: not_ready(spawn, process.address()),
                output: told(),
            }));
        }
        if spawn.ready_line.is_none() {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Returns whether the target listens. If the system reports which ports are open, the runner does not connect. To the
/// server, such a connection would look like a client that leaves at once.
fn answers(address: SocketAddr) -> bool {
    observe::listens(address.port())
        .unwrap_or_else(|| TcpStream::connect_timeout(&address, CONNECT_BOUND).is_ok())
}

fn not_ready(spawn: &Spawn, address: SocketAddr) -> String {
    let sign = match &spawn.ready_line {
        Some(text) => format!("printed no line with {text:?}"),
        None => format!("did not answer on {address}"),
    };
    format!(
        "`{}` {sign} within {:?}; if the server needs more time to start, use a longer --spawn-timeout",
        spawn.command, spawn.start_bound
    )
}
