//! The record of one play of a case, for the judge.

use std::time::{Duration, Instant, SystemTime};

use crate::scenario::Worth;

use super::event::Event;
use super::failure::Failure;
use super::incident::Incident;
use super::segments::Made;

/// The result of one play of one scenario.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// `None` if the play reached its end.
    pub(crate) failure: Option<Failure>,
    /// The worst verdict ([`Worth`]) among the alternatives that were taken.
    pub(crate) worth: Worth,
    pub(crate) notes: Vec<String>,
    pub(crate) conversation: Vec<Event>,
    pub(crate) started: Instant,
    /// The same moment as `started`, as wall-clock time.
    pub(crate) began: SystemTime,
    pub(crate) duration: Duration,
    /// The places where the sends of the case were cut or glued.
    pub(crate) made: Vec<Made>,
    /// The target's output during the case; `None` if the runner did not start the target.
    pub(crate) output: Option<String>,
    pub(crate) incidents: Vec<Incident>,
}
