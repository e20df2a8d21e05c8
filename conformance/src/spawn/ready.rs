//! Waits until a process is ready.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::process::End;
use super::start::{CONNECT_BOUND, Placed, Trouble};
use super::system::Listener;
use super::{Log, NotStarted, Process, complaint};

/// The pause before the runner checks again whether the target is ready.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Waits until the process is ready, but no longer than the time limit of the start.
pub(super) fn wait(placed: &Placed<'_>, process: &Process) -> Result<(), Trouble> {
    let until = process.answers_by();
    let line = placed.spawn.ready_line.as_deref();
    loop {
        let look_until = until.min(Instant::now() + LOOK_AGAIN);
        let was_printed = line.map(|text| process.log().wait_for_line(text, look_until));
        let is_ready = match was_printed {
            Some(was_printed) => was_printed && !has_stranger(process),
            None => listens(process),
        };
        if is_ready {
            return Ok(());
        }
        let failed = |why: String| NotStarted {
            why,
            output: process.log().since(Log::beginning()),
        };
        if let Some(end) = process.ended() {
            let why = failed(complaint::ended(placed, &end, process.listener()));
            return Err(match is_in_background(placed, &end) {
                true => Trouble::Final(why),
                false => Trouble::Ended(why),
            });
        }
        if Instant::now() >= until {
            let why = complaint::not_ready(placed, process.listener(), was_printed);
            return Err(Trouble::Final(failed(why)));
        }
        std::thread::sleep(look_until.saturating_duration_since(Instant::now()));
    }
}

/// Returns whether the target probably continues in the background, so that another start would only start one more server.
/// A server that ends because its fixed port is still in use may also end with exit code 0; but it leaves no process behind.
fn is_in_background(placed: &Placed<'_>, end: &End) -> bool {
    end.code() == Some(0) && (!end.survivors.is_empty() || placed.spawn.address.is_none())
}

/// Returns whether the target listens. If the system reports which process listens, the runner does not connect, because the
/// server would see the connection as a client that leaves at once.
fn listens(process: &Process) -> bool {
    match process.listener() {
        Some(listener) => listener == Listener::Target,
        None => TcpStream::connect_timeout(&process.address(), CONNECT_BOUND).is_ok(),
    }
}

/// Returns whether a process that does not belong to the target listens at the target's address.
fn has_stranger(process: &Process) -> bool {
    matches!(process.listener(), Some(Listener::Strangers(_)))
}
