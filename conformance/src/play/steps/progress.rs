//! Whether a step is done, waits, or has failed.

use std::time::Instant;

use crate::evidence::Failure;

/// The result of polling a step.
#[derive(Debug)]
pub(crate) enum Progress {
    /// The step is done.
    Done,
    /// The step is not done yet. If nothing changes, it gives up at this instant.
    Waits(Instant),
    /// The step can no longer succeed.
    Fails(Box<Failure>),
}

impl From<Failure> for Progress {
    fn from(failure: Failure) -> Progress {
        Progress::Fails(Box::new(failure))
    }
}

impl From<Box<Failure>> for Progress {
    fn from(failure: Box<Failure>) -> Progress {
        Progress::Fails(failure)
    }
}

impl From<Result<(), Box<Failure>>> for Progress {
    fn from(result: Result<(), Box<Failure>>) -> Progress {
        result.map_or_else(Progress::from, |()| Progress::Done)
    }
}
