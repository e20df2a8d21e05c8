//! The time limits of the steps of a run.

use std::time::Duration;

/// The time limits of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    scale: f64,
    wait: Duration,
}

impl Bounds {
    /// Returns the time limits of a run. Every limit is multiplied by `scale`. `wait` is the limit, before scaling, of a
    /// step that has no limit of its own.
    pub(crate) fn new(scale: f64, wait: Duration) -> Bounds {
        Bounds { scale, wait }
    }

    /// Returns the time limit of a wait, scaled: `within` if the wait has a limit of its own, otherwise the default limit.
    pub(crate) fn wait(self, within: Option<Duration>) -> Duration {
        self.scaled(within.unwrap_or(self.wait))
    }

    /// Returns the time limit of a whole case. This limit is longer than any scenario needs: a case reaches it only if the
    /// target answers many steps at the last moment.
    pub(crate) fn case(self) -> Duration {
        self.scaled(Duration::from_secs(120))
    }

    /// Returns how long the runner waits at the end of a case for the target to close the connections on which the runner
    /// sent FIN.
    pub(crate) fn farewell(self) -> Duration {
        self.scaled(Duration::from_millis(500))
    }

    /// Returns the pause between two tries of `eventually`; it is not scaled.
    pub(crate) fn between_tries(self) -> Duration {
        Duration::from_millis(100)
    }

    /// Returns how long silence must last if the protocol has no fence to prove it.
    pub(crate) fn silence_by_time(self) -> Duration {
        self.scaled(Duration::from_secs(1))
    }

    /// Scales a time limit. The factor comes from the command line and may be absurd, but the result is at most one day.
    fn scaled(self, duration: Duration) -> Duration {
        const LONGEST: Duration = Duration::from_secs(24 * 3600);
        Duration::try_from_secs_f64(duration.as_secs_f64() * self.scale)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    }
}
