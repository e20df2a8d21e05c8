use std::time::Duration;

use crate::setting::Setting;

/// The options of a listener of ChatOS 1.0. [`Options::default`] returns the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Maximum running negotiations per asker. A TCPAsk above this limit gets ERROR 5. Default: 64.
    pub pending_as_asker: usize,
    /// Maximum running negotiations per target. A TCPAsk above this limit gets ERROR 5. Default: 256, so that three
    /// clients that use their maximum of 64 do not make another client unreachable.
    pub pending_as_target: usize,
    /// How long a negotiation may run, from its TCPAsk until both ends have come. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// Maximum number of TCPAccept and TCPConnect that fit no negotiation, per minute and address. Each further packet of
    /// this kind is answered after a delay of one second. Default: 10.
    pub tunnel_guesses_per_minute: usize,
    /// Whether an end of a tunnel may come from another address than its client. Default: it may not. If any address were
    /// allowed, the only proof that the end belongs to the client would be a password of 16 bits.
    pub tunnel_any_address: bool,
    /// Whether limits per address also apply to loopback addresses. Default: they do not, because tests, benchmarks and
    /// local proxies all connect from loopback addresses.
    pub bound_loopback: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            pending_as_asker: 64,
            pending_as_target: 256,
            negotiation_timeout: Duration::from_mins(10),
            tunnel_guesses_per_minute: 10,
            tunnel_any_address: false,
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
                "Maximum negotiations that one client has asked for",
                &mut self.pending_as_asker,
            ),
            Setting::new(
                "pending-as-target",
                "Maximum negotiations that one client was asked for",
                &mut self.pending_as_target,
            ),
            Setting::new(
                "negotiation-timeout",
                "Time from a TCPAsk until both tunnel ends are connected",
                &mut self.negotiation_timeout,
            ),
            Setting::new(
                "tunnel-guesses",
                "Number of tunnel ends without a negotiation, per minute and address, after which answers are delayed by a second",
                &mut self.tunnel_guesses_per_minute,
            ),
            Setting::new(
                "tunnel-any-address",
                "Accept a tunnel end even if its address differs from the address of its client",
                &mut self.tunnel_any_address,
            ),
        ]
    }
}
