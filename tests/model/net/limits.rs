//! Bounds so small that the model reaches them all the time.

use std::time::Duration;

pub(super) const RUN_BYTES: usize = 2;
pub(super) const ROUNDS: usize = 1;
pub(super) const DRAIN: Duration = Duration::from_secs(5);
pub(super) const LAST_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct ConnectionLimits {
    pub(super) frame: Duration,
    pub(super) first_byte: Duration,
    pub(super) identification: Duration,
}
