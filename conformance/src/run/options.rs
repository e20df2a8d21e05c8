//! What a run is told.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::evidence::Segments;
use crate::play::shared::Bounds;

/// How a run is to be done. The default judges everything, with eight cases side by side.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only these scenarios, and what they rest on; everything if empty.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
    /// How many cases run side by side, at least one.
    pub jobs: usize,
    /// Every bound is multiplied by this.
    pub scale: f64,
    /// How long a step waits that has no bound of its own, before scaling.
    pub wait: Duration,
    /// Settings of the target that scenarios ask for, `--set name=value`.
    pub settings: BTreeMap<String, String>,
    /// The choices that the target is known to follow, by the names of the readings: no others are tried.
    pub readings: BTreeMap<String, String>,
    /// Scenarios that the target does not support, each with the reason: they are not run.
    pub unsupported: BTreeMap<String, String>,
    /// Deviations that are known, by their scenarios, each with the reason: they do not count for the exit code.
    pub known: BTreeMap<String, String>,
    /// The whole run takes no longer; what was not judged by then is inconclusive.
    pub time_limit: Option<Duration>,
    /// All cases are played once more, with those sends cut so that are not cut by their scenario; a verdict that changes
    /// is a finding.
    pub segments: Segments,
    /// Whether strangers use the target too; their broadcasts are put aside.
    pub shared_target: bool,
    /// Names, tokens and payloads repeat with it; drawn if not given.
    pub seed: Option<u64>,
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
        }
    }
}

impl Options {
    /// The bounds that follow from them.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(self.scale, self.wait)
    }
}
