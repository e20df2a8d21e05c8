//! What a run is told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

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

/// How sends are laid into segments where the scenario does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segments {
    /// Each in one write.
    #[default]
    Whole,
    /// Each byte in a segment of its own; of a large payload the first 4 KiB.
    EachByte,
    /// What a lane sends without waiting for anything, in one segment.
    Glued,
    /// Cut in the middle of each length.
    InsideLength,
    /// Cut inside each character that takes several bytes.
    InsideCharacter,
}

impl Segments {
    /// The word for it on the command line and in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Segments::Whole => "whole",
            Segments::EachByte => "each-byte",
            Segments::Glued => "glued",
            Segments::InsideLength => "inside-length",
            Segments::InsideCharacter => "inside-character",
        }
    }
}

/// How long things may take in this run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    scale: f64,
    wait: Duration,
}

impl Bounds {
    pub(super) fn of(options: &Options) -> Bounds {
        Bounds {
            scale: options.scale,
            wait: options.wait,
        }
    }

    /// A wait that has this bound of its own, or the usual one.
    pub(super) fn wait(self, within: Option<Duration>) -> Duration {
        self.scaled(within.unwrap_or(self.wait))
    }

    /// A whole case. More than any scenario needs; only a target that answers each step at the last moment gets there.
    pub(super) fn case(self) -> Duration {
        self.scaled(Duration::from_secs(120))
    }

    /// How long the end of a case waits for the target to close what was closed in order.
    pub(super) fn farewell(self) -> Duration {
        self.scaled(Duration::from_millis(500))
    }

    /// The pause between two tries of `eventually`; slowness makes it no longer.
    pub(super) fn between_tries(self) -> Duration {
        Duration::from_millis(100)
    }

    /// How long silence must last where the protocol has no fence.
    pub(super) fn silence_by_time(self) -> Duration {
        self.scaled(Duration::from_secs(1))
    }

    /// A factor out of the command line may be absurd; the bound stays one.
    fn scaled(self, duration: Duration) -> Duration {
        const LONGEST: Duration = Duration::from_secs(24 * 3600);
        Duration::try_from_secs_f64(duration.as_secs_f64() * self.scale)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    }
}
