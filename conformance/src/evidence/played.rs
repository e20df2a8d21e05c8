//! What one play of a case left for the judge.

use std::time::{Duration, Instant, SystemTime};

use crate::scenario::Worth;

use super::event::Event;
use super::failure::Failure;
use super::incident::Incident;
use super::segments::Made;

/// What came of one scenario, once.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// `None` if it came to its end.
    pub(crate) failure: Option<Failure>,
    /// The least worth of the alternatives that fitted.
    pub(crate) worth: Worth,
    pub(crate) notes: Vec<String>,
    pub(crate) conversation: Vec<Event>,
    pub(crate) started: Instant,
    /// The same moment on the clock on the wall.
    pub(crate) began: SystemTime,
    pub(crate) duration: Duration,
    /// Where its sends were cut or glued.
    pub(crate) made: Vec<Made>,
    /// What the target wrote meanwhile; only of a target that the runner started.
    pub(crate) output: Option<String>,
    pub(crate) incidents: Vec<Incident>,
}
