use std::time::Duration;

use crate::setting::Setting;

/// The options of a ChatHack listener. [`Options::default`] returns the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Maximum pending requests per asker. A request above this limit is denied. Default: 64.
    pub pending_as_asker: usize,
    /// Maximum pending requests per target. A request above this limit is denied. Default: 256, so that many clients can ask
    /// the same client.
    pub pending_as_target: usize,
    /// Time limit for the answer to a request. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// Maximum refused logins on one connection. After the last one, the server closes the connection. Default: 5.
    pub failures_per_connection: u32,
    /// Maximum wrong passwords per minute and address, including passwords that are still being checked. Above this limit,
    /// the server refuses every password without a check. Default: 10.
    pub wrong_passwords_per_minute: usize,
    /// Whether limits per address also apply to loopback addresses. By default they do not apply, because tests, benchmarks
    /// and local proxies all connect from loopback addresses.
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
    /// Returns the list of options that an operator can set.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "pending-as-asker",
                "Maximum unanswered requests from one client",
                &mut self.pending_as_asker,
            ),
            Setting::new(
                "pending-as-target",
                "Maximum unanswered requests to one client",
                &mut self.pending_as_target,
            ),
            Setting::new(
                "negotiation-timeout",
                "Time limit for the answer to a request",
                &mut self.negotiation_timeout,
            ),
            Setting::new(
                "login-failures",
                "Number of failed logins after which a connection is closed",
                &mut self.failures_per_connection,
            ),
            Setting::new(
                "wrong-passwords",
                "Maximum wrong passwords per minute and address; after that, passwords from this address are refused without a check; choose a higher number if many clients connect through one proxy",
                &mut self.wrong_passwords_per_minute,
            ),
        ]
    }
}
