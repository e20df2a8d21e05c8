//! The time limits of the steps of a run.

use std::time::Duration;

/// The time limits of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    scale: f64,
    wait: Duration,
}

impl Bounds {
    /// Returns the bounds of a run. Every bound is multiplied by `scale`. A step without a bound of its own waits for
    /// `wait`, before scaling.
    pub(crate) fn new(scale: f64, wait: Duration) -> Bounds {
        Bounds { scale, wait }
    }

    /// Returns the limit of a wait, with its own bound or the default one.
    pub(crate) fn wait(self, within: Option<Duration>) -> Duration {
        self.scaled(within.unwrap_or(self.wait))
    }

    /// Returns the limit of a whole case. It is longer than any scenario needs: only a target that answers each step at
    /// the last moment reaches it.
    pub(crate) fn case(self) -> Duration {
        self.scaled(Duration::from_secs(120))
    }

    /// Returns how long the end of a case waits for the target to close the connections that were closed in order.
    pub(crate) fn farewell(self) -> Duration {
        self.scaled(Duration::from_millis(500))
    }

    /// Returns the pause between two tries of `eventually`; it is not scaled.
    pub(crate) fn between_tries(self) -> Duration {
        Duration::from_millis(100)
    }

    /// Returns how long silence must last where the protocol has no fence.
    pub(crate) fn silence_by_time(self) -> Duration {
        self.scaled(Duration::from_secs(1))
    }

    /// Scales a bound. The factor from the command line may be absurd, but the result is always a valid bound.
    fn scaled(self, duration: Duration) -> Duration {
        const LONGEST: Duration = Duration::from_secs(24 * 3600);
        Duration::try_from_secs_f64(duration.as_secs_f64() * self.scale)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    }
}
