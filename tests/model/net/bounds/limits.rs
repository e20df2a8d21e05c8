//! Limits that are much smaller than the server's, so that the model reaches them often.

use std::time::Duration;

pub(in crate::net) const RUN_BYTES: usize = 2;
pub(in crate::net) const ROUNDS: usize = 1;
pub(in crate::net) const DRAIN: Duration = Duration::from_secs(5);
pub(in crate::net) const LAST_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(in crate::net) struct ConnectionLimits {
    pub(in crate::net) frame: Duration,
    pub(in crate::net) first_byte: Duration,
    pub(in crate::net) identification: Duration,
}
