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
    /// Whether every wait lasts as long as its time limit allows. Otherwise, the runner waits for a shorter time if the target
    /// answers fast. Before such a short wait counts, the case is played again.
    pub is_patient: bool,
    /// The time limit of a step that has no limit of its own, before it is multiplied by `scale`.
    pub wait: Duration,
    /// Facts about the target that scenarios ask for, such as a login: `--set name=value`.
    pub settings: BTreeMap<String, String>,
    /// The choices that the user knows: the key is the name of a reading, and the value is the name of its choice. For these
    /// readings the runner tries no other choice.
    pub readings: BTreeMap<String, String>,
    /// Scenarios that the target does not support, each with the reason: they are not run.
    pub unsupported: BTreeMap<String, String>,
    /// Known deviations: the key is the id of a scenario, and the value is the reason. If such a scenario fails, the exit
    /// code does not change.
    pub known: BTreeMap<String, String>,
    /// The time limit of the whole run. Cases that are not judged within this time are inconclusive.
    pub time_limit: Option<Duration>,
    /// The runner plays all cases a second time. In this second play, it cuts the bytes of each send into TCP segments as
    /// this value says. With [`Segments::Whole`] there is no second play. Sends for which the scenario itself gives cuts
    /// stay as they are. If a verdict changes, the report says so.
    pub segments: Segments,
    /// Whether other people use the target at the same time. Their broadcasts are ignored.
    pub shared_target: bool,
    /// The seed of names and tokens; random if `None`.
    pub seed: Option<u64>,
    /// With a clone of this value, another thread can end the run early.
    pub interruption: Interruption,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            only: Vec::new(),
            skip: Vec::new(),
            jobs: 8,
            scale: 1.0,
            is_patient: false,
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
