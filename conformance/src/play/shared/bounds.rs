//! How long the steps of a run may take.

use std::time::Duration;

/// How long things may take in this run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    scale: f64,
    wait: Duration,
}

impl Bounds {
    /// Every bound is multiplied by `scale`; a step without a bound of its own waits for `wait`, before scaling.
    pub(crate) fn new(scale: f64, wait: Duration) -> Bounds {
        Bounds { scale, wait }
    }

    /// A wait that has this bound of its own, or the usual one.
    pub(crate) fn wait(self, within: Option<Duration>) -> Duration {
        self.scaled(within.unwrap_or(self.wait))
    }

    /// A whole case. More than any scenario needs; only a target that answers each step at the last moment gets there.
    pub(crate) fn case(self) -> Duration {
        self.scaled(Duration::from_secs(120))
    }

    /// How long the end of a case waits for the target to close what was closed in order.
    pub(crate) fn farewell(self) -> Duration {
        self.scaled(Duration::from_millis(500))
    }

    /// The pause between two tries of `eventually`; slowness makes it no longer.
    pub(crate) fn between_tries(self) -> Duration {
        Duration::from_millis(100)
    }

    /// How long silence must last where the protocol has no fence.
    pub(crate) fn silence_by_time(self) -> Duration {
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
