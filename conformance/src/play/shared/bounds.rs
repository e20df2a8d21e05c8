//! The time limits of the steps of a run.

use std::time::Duration;

use super::pace::Limits;

/// The time limits of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    scale: f64,
    wait: Duration,
    /// The longest wait of a step without a limit of its own; `None` if only the other limits apply.
    most: Option<Duration>,
    /// The same for an answer whose limit the scenario gives.
    most_given: Option<Duration>,
}

impl Bounds {
    /// Returns the time limits of a run. Every limit is multiplied by `scale`. `wait` is the time limit, before this
    /// multiplication, of a step that has no limit of its own.
    pub(crate) fn new(scale: f64, wait: Duration) -> Bounds {
        Bounds {
            scale,
            wait,
            most: None,
            most_given: None,
        }
    }

    /// Returns the same time limits, except that waits for an answer are not longer than these limits. A scale above 1 makes
    /// these limits longer, too.
    pub(crate) fn at_most(self, limits: Limits) -> Bounds {
        let factor = self.scale.max(1.0);
        let scaled = |limit: Option<Duration>| limit.map(|limit| times(limit, factor));
        Bounds {
            most: scaled(limits.usual),
            most_given: scaled(limits.given),
            ..self
        }
    }

    /// Returns the scaled time limit of an answer, if the scenario gives a limit for it.
    pub(crate) fn given(self, within: Duration) -> Duration {
        let limit = self.scaled(within);
        self.most_given.map_or(limit, |most| most.min(limit))
    }

    /// Returns the scaled time limit of a wait: `within` if the wait has a limit of its own, otherwise the default limit.
    pub(crate) fn wait(self, within: Option<Duration>) -> Duration {
        match within {
            Some(within) => self.scaled(within),
            None => self.hurried(self.scaled(self.wait)),
        }
    }

    /// Returns whether a step without a limit of its own waits for a shorter time than the run allows.
    pub(crate) fn are_hurried(self) -> bool {
        self.wait(None) < self.scaled(self.wait)
    }

    fn hurried(self, limit: Duration) -> Duration {
        self.most.map_or(limit, |most| most.min(limit))
    }

    /// Returns the time limit of a whole case. This limit is longer than any scenario needs. A case reaches it only if the
    /// target is slow in many steps, but answers each of them just within the limit of the step.
    pub(crate) fn case(self) -> Duration {
        self.scaled(Duration::from_secs(120))
    }

    /// At the end of a case, the runner sends FIN on its connections. Returns how long it then waits until the target closes
    /// them.
    pub(crate) fn farewell(self) -> Duration {
        self.hurried(self.scaled(Duration::from_millis(500)))
    }

    /// Returns the pause between two tries of `eventually`; it is not scaled.
    pub(crate) fn between_tries(self) -> Duration {
        Duration::from_millis(100)
    }

    /// Returns how long the runner waits to see that nothing arrives, if the protocol has no fence.
    pub(crate) fn silence_by_time(self) -> Duration {
        self.scaled(Duration::from_secs(1))
    }

    fn scaled(self, duration: Duration) -> Duration {
        times(duration, self.scale)
    }
}

/// Multiplies a time limit. The result is at most one day, because the factor comes from the command line and may be absurdly
/// large.
fn times(duration: Duration, factor: f64) -> Duration {
    const LONGEST: Duration = Duration::from_secs(24 * 3600);
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor)
        .unwrap_or(LONGEST)
        .min(LONGEST)
}
