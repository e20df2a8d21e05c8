//! What a step says when it is polled.

use std::time::Instant;

use crate::evidence::Failure;

/// What a step says when it is polled.
#[derive(Debug)]
pub(crate) enum Progress {
    /// It has happened.
    Done,
    /// It needs more, and gives up at that instant.
    Waits(Instant),
    /// It cannot happen any more.
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
