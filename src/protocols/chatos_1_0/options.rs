use std::time::Duration;

use crate::setting::Setting;

/// The options of a listener of ChatOS 1.0. [`Options::default`] returns the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Maximum running negotiations per asker. A TCPAsk above this limit gets ERROR 5. Default: 64.
    pub pending_as_asker: usize,
    /// Maximum running negotiations per target. A TCPAsk above this limit gets ERROR 5. Default: 256. Even if three clients
    /// each use their maximum of 64 negotiations with the same target, others can still ask this target.
    pub pending_as_target: usize,
    /// Time limit for a negotiation, from its TCPAsk until both ends have connected. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// Maximum number of TCPAccept and TCPConnect packets that fit no negotiation, per minute and address. Above this limit,
    /// the server waits one second before it answers such a packet. Default: 10.
    pub tunnel_guesses_per_minute: usize,
    /// Whether an end of a tunnel may connect from an address that is not the address of its client. By default it may not:
    /// if every address were allowed, only a password of 16 bits would prove that the end belongs to the client.
    pub tunnel_any_address: bool,
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
                "Maximum negotiations in progress that one client has started",
                &mut self.pending_as_asker,
            ),
            Setting::new(
                "pending-as-target",
                "Maximum negotiations in progress that other clients have started with one client",
                &mut self.pending_as_target,
            ),
            Setting::new(
                "negotiation-timeout",
                "Maximum time from a TCPAsk until both tunnel ends are connected",
                &mut self.negotiation_timeout,
            ),
            Setting::new(
                "tunnel-guesses",
                "Maximum TCPAccept and TCPConnect packets per minute and address that belong to no negotiation; after that, the server answers each such packet from this address one second late",
                &mut self.tunnel_guesses_per_minute,
            ),
            Setting::new(
                "tunnel-any-address",
                "Accept a tunnel end even if its address is not the address of its client",
                &mut self.tunnel_any_address,
            ),
        ]
    }
}
