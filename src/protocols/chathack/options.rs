use std::time::Duration;

use crate::setting::Setting;

/// The options of a ChatHack listener. [`Options::default`] has the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Maximum pending askings per asker. An asking above it is denied. Default: 64.
    pub pending_as_asker: usize,
    /// Maximum pending askings per target. An asking above it is denied. Default: 256, so that four busy clients do not
    /// make a fifth one unreachable.
    pub pending_as_target: usize,
    /// How long an asking waits for its answer. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// Maximum refused logins on one connection; the last of them closes it. Default: 5.
    pub failures_per_connection: u32,
    /// Maximum wrong passwords per minute and address, those included that are being checked. Above it every password
    /// counts as wrong and is not checked. Default: 10.
    pub wrong_passwords_per_minute: usize,
    /// Whether limits per address also apply to loopback addresses. Default: they do not, because tests, benchmarks and
    /// local proxies all connect from there.
    pub bound_loopback: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            pending_as_asker: 64,
            pending_as_target: 256,
            negotiation_timeout: Duration::from_mins(10),
            failures_per_connection: 5,
            wrong_passwords_per_minute: 10,
            bound_loopback: false,
        }
    }
}

impl Options {
    /// Returns the options as an operator sets them.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "pending-as-asker",
                "Maximum unanswered requests of one client",
                &mut self.pending_as_asker,
            ),
            Setting::new(
                "pending-as-target",
                "Maximum unanswered requests to one client",
                &mut self.pending_as_target,
            ),
            Setting::new(
                "negotiation-timeout",
                "Time in which a request must be answered",
                &mut self.negotiation_timeout,
            ),
            Setting::new(
                "login-failures",
                "Failed logins on one connection before it is closed",
                &mut self.failures_per_connection,
            ),
            Setting::new(
                "wrong-passwords",
                "Wrong passwords per minute and address before further ones are refused unchecked; those being checked count",
                &mut self.wrong_passwords_per_minute,
            ),
        ]
    }
}
