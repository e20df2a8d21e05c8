use std::time::Duration;

use crate::setting::Setting;

/// What can be chosen for a ChatHack listener. [`Options::default`] is what an operator gets who says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many askings of one client may wait for an answer. One more is denied. Default: 64.
    pub pending_as_asker: usize,
    /// How many unanswered askings may wait for one client. One more is denied. Default: 256, so that four busy clients do not
    /// make a fifth one unreachable.
    pub pending_as_target: usize,
    /// How long an asking waits for its answer. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// How many logins may fail on one connection; with the last of them it is closed. Default: 5.
    pub failures_per_connection: u32,
    /// How many wrong passwords an address may try in a minute, those counted that are being checked. Whatever it tries then is wrong, and nobody takes the time to
    /// look. Default: 10.
    pub wrong_passwords_per_minute: usize,
    /// Whether bounds per address hold for loopback addresses too. Default: they do not, because tests, benches and local
    /// proxies all come from there.
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
    /// Its options as an operator sets them.
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
