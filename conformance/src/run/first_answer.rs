//! Waits for the first answer of a target that the runner started. A server may listen before it accepts connections, and it
//! may accept connections before it answers. So the runner waits for the first answer until the time limit of the start has
//! passed.

use std::time::{Duration, Instant};

use crate::play::shared::Shared;

use super::contact::{self, Met};
use super::host::Host;
use super::stay::Stay;

/// The pause before the runner tries to log in again.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// Logs in again and again until the target answers, or until the time limit of its start has passed. A server that the
/// runner did not start is already running, so it gets only the usual number of attempts.
pub(crate) fn wait(shared: &Shared<'_>, host: &Host, stay: &Stay) -> Result<(), Met> {
    let Some(process) = &stay.process else {
        return contact::establish(shared, stay.address);
    };
    loop {
        match contact::establish(shared, stay.address) {
            Ok(()) => {
                process.note_answer();
                return Ok(());
            }
            Err(met) => {
                let until = shared.at_latest(process.answers_by());
                let is_final = !may_still_come(&met) || process.end().is_some();
                if is_final || Instant::now() >= until || shared.is_over() {
                    return Err(met);
                }
            }
        }
        host.note_late_answer();
        std::thread::sleep(TRY_AGAIN);
    }
}

/// Returns whether a later login may still be answered. If the target sends wrong bytes or ends the connection, it is not
/// starting any more, so it would not help to wait longer.
pub(crate) fn may_still_come(met: &Met) -> bool {
    match met {
        Met::Silence | Met::NoConnection(_) | Met::LateTls(_) => true,
        Met::Protocol | Met::NoLogin(_) | Met::NoTls(_) | Met::Closed(_) | Met::Strange(_) => false,
    }
}
