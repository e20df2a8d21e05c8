//! The settings of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::evidence::Segments;
use crate::play::shared::{Bounds, Interruption};

/// The settings of a run. The default judges everything, and plays eight cases at the same time.
#[derive(Debug, Clone)]
pub struct Options {
    /// The scenarios to run. The scenarios on which these depend are run too. If the list is empty, all scenarios are run.
    pub only: Vec<String>,
    /// Scenarios that are not run.
    pub skip: Vec<String>,
    /// The number of cases that run at the same time, at least one.
    pub jobs: usize,
    /// The factor by which every time limit is multiplied.
    pub scale: f64,
    /// The time limit of a step that has no limit of its own, before it is multiplied by `scale`.
    pub wait: Duration,
    /// Facts about the target that scenarios ask for, such as a login: `--set name=value`.
    pub settings: BTreeMap<String, String>,
    /// The choices of readings that the user knows: for the name of a reading, the name of its choice. For these readings
    /// the runner tries no other choice.
    pub readings: BTreeMap<String, String>,
    /// Scenarios that the target does not support, each with the reason: they are not run.
    pub unsupported: BTreeMap<String, String>,
    /// Known deviations: for the id of a scenario, the reason. Their failures do not change the exit code.
    pub known: BTreeMap<String, String>,
    /// The time limit of the whole run. Cases that are not judged within this time are inconclusive.
    pub time_limit: Option<Duration>,
    /// How to cut the bytes that are sent into TCP segments, in a second play of all cases. With [`Segments::Whole`] there
    /// is no second play. Sends for which the scenario itself gives cuts stay as they are. If a verdict changes, the report
    /// says so.
    pub segments: Segments,
    /// Whether other people use the target at the same time. Their broadcasts are ignored.
    pub shared_target: bool,
    /// The seed of names and tokens; random if `None`.
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
    /// Returns the time limits that follow from these settings.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(self.scale, self.wait)
    }
}
