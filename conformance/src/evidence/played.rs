//! The record of one play of a case, from which the module `judge` makes the verdict.

use std::time::{Duration, Instant, SystemTime};

use crate::scenario::Worth;

use super::event::Event;
use super::failure::Failure;
use super::incident::Incident;
use super::segments::Made;

/// The result of one play of one scenario.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    /// `None` if the play reached the end of the scenario.
    pub(crate) failure: Option<Failure>,
    /// The worst verdict ([`Worth`]) among the alternatives (of an `either`) that the target chose.
    pub(crate) worth: Worth,
    pub(crate) notes: Vec<String>,
    pub(crate) conversation: Vec<Event>,
    pub(crate) started: Instant,
    /// The same moment as `started`, as wall-clock time.
    pub(crate) began: SystemTime,
    pub(crate) duration: Duration,
    /// The number of connections that the case has opened.
    pub(crate) clients: usize,
    /// Whether the case stopped waiting for an answer before the usual time limit, because the target answers faster.
    pub(crate) gave_up_early: bool,
    /// The number of cases that the target's process had served before. 0 if the runner did not start the target.
    pub(crate) earlier_cases: usize,
    /// The places where a send of the case was cut in two, or two sends were joined (glued) in one segment.
    pub(crate) made: Vec<Made>,
    /// The target's output during the case; `None` if the runner did not start the target.
    pub(crate) output: Option<String>,
    pub(crate) incidents: Vec<Incident>,
}
