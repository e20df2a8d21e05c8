use std::time::Duration;

use crate::setting::Setting;

/// What can be chosen for a listener of ChatOS 1.0. [`Options::default`] is what an operator gets who says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many negotiations a client may have running as the one who asked. One more gets ERROR 5. Default: 64.
    pub pending_as_asker: usize,
    /// How many negotiations may run with one client as the one who is asked. One more gets ERROR 5. Default: 256, so that
    /// four busy clients do not make a fifth one unreachable.
    pub pending_as_target: usize,
    /// How long a negotiation may run, from its TCPAsk until both ends are there. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// How many TCPAccept and TCPConnect that fit no negotiation an address may send in a minute before each further one is
    /// answered a second late. Default: 10.
    pub tunnel_guesses_per_minute: usize,
    /// Whether a tunnel's end may come from another address than the party that it speaks for. Default: it may not, because
    /// nothing but 16 bits of password says whose end it is.
    pub tunnel_any_address: bool,
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
            tunnel_guesses_per_minute: 10,
            tunnel_any_address: false,
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
                "Tunnel ends that fit no negotiation, per minute and address, before answers are delayed by a second",
                &mut self.tunnel_guesses_per_minute,
            ),
            Setting::new(
                "tunnel-any-address",
                "Accept a tunnel end from another address than that of the client it belongs to",
                &mut self.tunnel_any_address,
            ),
        ]
    }
}
