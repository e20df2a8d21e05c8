//! The settings of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::evidence::Segments;
use crate::play::shared::{Bounds, Interruption};

/// The settings of a run. The default judges everything, with eight cases side by side.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only these scenarios and the ones that they depend on; all scenarios if empty.
    pub only: Vec<String>,
    /// Scenarios to leave out.
    pub skip: Vec<String>,
    /// The number of cases that run side by side, at least one.
    pub jobs: usize,
    /// The factor for every bound.
    pub scale: f64,
    /// How long a step waits that has no bound of its own, before the factor is applied.
    pub wait: Duration,
    /// Settings of the target that scenarios ask for, `--set name=value`.
    pub settings: BTreeMap<String, String>,
    /// The choices that the target is known to follow, by the names of the readings. The runner tries no others.
    pub readings: BTreeMap<String, String>,
    /// Scenarios that the target does not support, each with the reason: they are not run.
    pub unsupported: BTreeMap<String, String>,
    /// Known deviations by scenario, each with the reason. They do not count for the exit code.
    pub known: BTreeMap<String, String>,
    /// The time limit of the whole run. Cases that are not judged by then are inconclusive.
    pub time_limit: Option<Duration>,
    /// How to play all cases once more with other segments. Only sends that their scenario does not cut are cut. A
    /// verdict that changes is a finding.
    pub segments: Segments,
    /// Whether other people use the target too. Their broadcasts are put aside.
    pub shared_target: bool,
    /// The seed of names, tokens and payloads. Random if not given.
    pub seed: Option<u64>,
    /// Ends the run early.
    pub interruption: Interruption,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            only: Vec::new(),
            skip: Vec::new(),
            jobs: 8,
            scale: 1.0,
            wait: Duration::from_secs(2),
            settings: BTreeMap::new(),
            readings: BTreeMap::new(),
            unsupported: BTreeMap::new(),
            known: BTreeMap::new(),
            time_limit: None,
            segments: Segments::Whole,
            shared_target: false,
            seed: None,
            interruption: Interruption::default(),
        }
    }
}

impl Options {
    /// Returns the bounds that follow from these settings.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(self.scale, self.wait)
    }
}
