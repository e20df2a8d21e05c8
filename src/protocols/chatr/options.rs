use std::time::Duration;

use crate::setting::Setting;

/// The options of a listener of Chatr Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Time between PacketConnected, or a correct PacketPong, and the next PacketPing. The document demands a ping at least
    /// every 5 seconds. Default: 4.5 seconds, so that even a busy machine sends each ping within 5 seconds.
    pub ping_interval: Duration,
    /// The server disconnects a client that sends no packet for this time. The time starts again with each packet of the
    /// client and with each PacketPing of the server. Default: 15 seconds, as the document says.
    pub ping_timeout: Duration,
    /// Maximum pending requests per asker. A request above this limit is denied. Default: 64.
    pub pending_as_asker: usize,
    /// Maximum pending requests per target. A request above this limit is denied. Default: 256, so that many clients can ask
    /// the same client.
    pub pending_as_target: usize,
    /// Time limit for the answer to a request. After that, the server denies the request. Default: 10 minutes.
    pub negotiation_timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            ping_interval: Duration::from_millis(4500),
            ping_timeout: Duration::from_secs(15),
            pending_as_asker: 64,
            pending_as_target: 256,
            negotiation_timeout: Duration::from_mins(10),
        }
    }
}

impl Options {
    /// Returns the list of options that an operator can set.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "ping-interval",
                "Time between a PacketPong and the next PacketPing",
                &mut self.ping_interval,
            ),
            Setting::new(
                "ping-timeout",
                "Maximum time without a packet from a client; after that, the server disconnects it",
                &mut self.ping_timeout,
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
                "negotiation-timeout",
                "Time limit for the answer to a request",
                &mut self.negotiation_timeout,
            ),
        ]
    }
}
