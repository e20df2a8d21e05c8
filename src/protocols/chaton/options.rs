use std::time::Duration;

use super::{Codec, LongWidth};
use crate::setting::{OneOf, Setting, Value};

/// The options of a Chaton listener. [`Options::default`] returns the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many bytes a LONG has. Connect_ids are sent as LONGs. Default: eight.
    pub long: LongWidth,
    /// Maximum pending requests per asker. A request above this limit is ignored. Default: 64.
    pub pending_as_asker: usize,
    /// Maximum pending requests per target. A request above this limit is ignored. Default: 256, so that many clients can
    /// ask the same client.
    pub pending_as_target: usize,
    /// Maximum unused connect_ids per client. An OK_PRIVATE is ignored when one of its two clients would exceed this
    /// limit. Default: 64.
    pub unused_ids: usize,
    /// Time limit for the answer to a request. The same time limit applies to a connect_id: within this time after
    /// ID_PRIVATE, both ends must connect. Default: 10 minutes.
    pub negotiation_timeout: Duration,
    /// Minimum time between two relays of the same request. If a client repeats a pending request earlier, the server does
    /// not relay it again. Default: 5 seconds.
    pub repeat_interval: Duration,
    /// Maximum number of LOGIN_PRIVATE commands with a wrong id, per minute and address. Above this limit, the server waits
    /// one second before it answers a LOGIN_PRIVATE with a wrong id. Default: 10.
    pub tunnel_guesses_per_minute: usize,
    /// Whether limits per address also apply to loopback addresses. By default they do not apply, because tests, benchmarks
    /// and local proxies all connect from loopback addresses.
    pub bound_loopback: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            long: LongWidth::Eight,
            pending_as_asker: 64,
            pending_as_target: 256,
            unused_ids: 64,
            negotiation_timeout: Duration::from_mins(10),
            repeat_interval: Duration::from_secs(5),
            tunnel_guesses_per_minute: 10,
            bound_loopback: false,
        }
    }
}

impl Options {
    /// Returns the options that encoding and decoding need.
    pub fn codec(&self) -> Codec {
        Codec { long: self.long }
    }

    /// Returns the list of options that an operator can set.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "long",
                "Number of bytes in which a LONG is sent and received: 8 or 4",
                Value::Word(&mut self.long),
            ),
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
                "unused-ids",
                "Maximum unused connect_ids per client; a connect_id is used as soon as its tunnel opens",
                &mut self.unused_ids,
            ),
            Setting::new(
                "negotiation-timeout",
                "Time limit for the answer to a request; after the answer, both clients have the same time to connect with the connect_id",
                &mut self.negotiation_timeout,
            ),
            Setting::new(
                "repeat-interval",
                "If a client repeats a pending request, the server relays it again only after this time",
                &mut self.repeat_interval,
            ),
            Setting::new(
                "tunnel-guesses",
                "Maximum wrong connect_ids per minute and address; after that, the server answers each wrong connect_id from this address one second late",
                &mut self.tunnel_guesses_per_minute,
            ),
        ]
    }
}

impl OneOf for LongWidth {
    fn words(&self) -> &'static [&'static str] {
        &["8", "4"]
    }

    fn word(&self) -> &'static str {
        match self {
            LongWidth::Eight => "8",
            LongWidth::Four => "4",
        }
    }

    fn choose(&mut self, word: &str) -> bool {
        *self = match word {
            "8" => LongWidth::Eight,
            "4" => LongWidth::Four,
            _ => return false,
        };
        true
    }
}
