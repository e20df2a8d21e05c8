//! The results of a load, as a table for people or as JSON for programs.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::work::{Direction, Pace};

/// Returns a histogram for latencies up to a minute, in microseconds, with three significant digits.
pub(super) fn latencies() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the library accepts these constants")]
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds of a histogram")
}

pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// The results of a load.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Figures {
    /// Clients that connected and logged in.
    Storm(StormFigures),
    /// Messages for everybody.
    FanOut(FanOutFigures),
    /// Idle clients.
    Idle(IdleFigures),
    /// Clients that connect, log in and leave.
    Churn(ChurnFigures),
    /// A private connection.
    Tunnel(TunnelFigures),
}

/// The results of clients that connected and logged in.
#[derive(Debug, Clone, Serialize)]
pub struct StormFigures {
    /// The number of clients.
    pub clients: usize,
    /// Seconds from the start of the first connection to the last login.
    pub seconds: f64,
    /// Logins per second.
    pub per_second: f64,
    /// Time from the start of the connection to the answer to the login.
    pub latency: Latency,
    /// The server's cost per login, if the server's process is known.
    pub server: Option<ServerCost>,
}

/// The results of messages for everybody.
#[derive(Debug, Clone, Serialize)]
pub struct FanOutFigures {
    /// The number of clients in the room.
    pub clients: usize,
    /// The number of clients that send.
    pub senders: usize,
    /// The pace of the messages.
    pub pace: Pace,
    /// Bytes of text in a message.
    pub bytes: usize,
    /// Whether the server also sends a message back to its sender.
    pub echo: bool,
    /// Seconds from the first message sent to the last copy that arrived.
    pub seconds: f64,
    /// The number of messages sent.
    pub messages: u64,
    /// The number of copies that arrived.
    pub deliveries: u64,
    /// Copies per second.
    pub per_second: f64,
    /// Time from sending a message to the arrival of each copy.
    pub latency: Latency,
    /// The server's cost per delivery, if the server's process is known.
    pub server: Option<ServerCost>,
    /// The broken promises.
    pub flaws: Flaws,
}

/// The cost of idle clients.
#[derive(Debug, Clone, Serialize)]
pub struct IdleFigures {
    /// The number of clients.
    pub clients: usize,
    /// The duration in seconds.
    pub seconds: f64,
    /// The number of requests from the server, such as pings, that the clients answered.
    pub answered: u64,
    /// The server's cost per second, if the server's process is known.
    pub server: Option<ServerCost>,
    /// The broken promises.
    pub flaws: Flaws,
}

/// The results of clients that connect, log in and leave.
#[derive(Debug, Clone, Serialize)]
pub struct ChurnFigures {
    /// The number of slots. In each slot, clients connect, log in and leave, one after the other.
    pub slots: usize,
    /// The duration in seconds.
    pub seconds: f64,
    /// The number of logins that the server accepted.
    pub logins: u64,
    /// Logins per second.
    pub per_second: f64,
    /// Time from the start of the connection to the answer to the login.
    pub latency: Latency,
    /// The server's cost per login, if the server's process is known.
    pub server: Option<ServerCost>,
    /// The promises that the server broke: here, the logins that it refused.
    pub flaws: Flaws,
}

/// The results of a load that sends bytes through a private connection.
#[derive(Debug, Clone, Serialize)]
pub struct TunnelFigures {
    /// The direction of the bytes.
    pub direction: Direction,
    /// The duration in seconds.
    pub seconds: f64,
    /// The number of bytes that arrived, in both directions together.
    pub bytes: u64,
    /// GiB per second, in both directions together. For a ping-pong, round trips per second.
    pub per_second: f64,
    /// The time of a round trip. Only a ping-pong has it.
    pub latency: Option<Latency>,
    /// The server's cost per GiB or per round trip, if the server's process is known.
    pub server: Option<ServerCost>,
    /// The broken promises.
    pub flaws: Flaws,
}

/// Latencies in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    /// Half of the times are shorter.
    pub p50: u64,
    /// 90 % of the times are shorter.
    pub p90: u64,
    /// 99 % of the times are shorter.
    pub p99: u64,
    /// 99.9 % of the times are shorter.
    pub p999: u64,
    /// The longest time.
    pub max: u64,
}

impl From<&Histogram<u64>> for Latency {
    fn from(histogram: &Histogram<u64>) -> Latency {
        Latency {
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}

/// The cost of the work for the server's process: processor time, memory and threads.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ServerCost {
    /// The processor time, in user mode and in the kernel together, in seconds.
    pub cpu_seconds: f64,
    /// The processor time per delivery, login, GiB, round trip or second, in microseconds.
    pub cpu_micros_each: f64,
    /// The resident memory that the server needs for each idle client, in KiB.
    pub resident_kib_per_client: Option<f64>,
    /// The number of threads that the process has at the end of the work.
    pub threads: u64,
}

/// Broken promises, with their counts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Flaws {
    /// How many copies of messages never arrived. In a tunnel: how many bytes never arrived.
    pub lost: u64,
    /// How many copies arrived in the wrong order.
    pub out_of_order: u64,
    /// How many copies differ from the message that was sent.
    pub damaged: u64,
    /// How many frames the server should not have sent to the client that received them.
    pub unexpected: u64,
    /// A description of the first unexpected frame.
    pub first_unexpected: Option<String>,
    /// How many connections the server closed or refused.
    pub ends: usize,
    /// The reason why the first of these connections was closed or refused, as text for a person.
    pub first_end: Option<String>,
}

impl Flaws {
    /// Counts one more unexpected frame.
    pub(super) fn came_unexpectedly(&mut self, words: &str) {
        self.unexpected += 1;
        self.first_unexpected
            .get_or_insert_with(|| words.to_owned());
    }

    /// Returns whether no promise was broken.
    #[must_use]
    pub fn none(&self) -> bool {
        self.lost + self.out_of_order + self.damaged + self.unexpected == 0 && self.ends == 0
    }

    /// Returns a sentence for each kind of broken promise.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let of = |what: &Option<String>| match what {
            Some(first) => format!(", the first: {first}"),
            None => String::new(),
        };
        let ended = match self.ends {
            1 => "connection ended or was refused",
            _ => "connections ended or were refused",
        };
        let counted = [
            (self.lost, "never arrived".to_owned()),
            (self.out_of_order, "arrived out of order".to_owned()),
            (self.damaged, "arrived damaged".to_owned()),
            (
                self.unexpected,
                format!("arrived unexpectedly{}", of(&self.first_unexpected)),
            ),
            (self.ends as u64, format!("{ended}{}", of(&self.first_end))),
        ];
        let bad = counted.into_iter().filter(|(count, _)| *count > 0);
        bad.map(|(count, what)| format!("{count} {what}")).collect()
    }
}

impl Figures {
    /// Returns the broken promises. A storm (clients that only log in) never has broken promises: if one of its logins
    /// fails, the load returns an error instead of figures.
    #[must_use]
    pub fn flaws(&self) -> Flaws {
        match self {
            Figures::Storm(_) => Flaws::default(),
            Figures::FanOut(figures) => figures.flaws.clone(),
            Figures::Idle(figures) => figures.flaws.clone(),
            Figures::Churn(figures) => figures.flaws.clone(),
            Figures::Tunnel(figures) => figures.flaws.clone(),
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        match self {
            Figures::Storm(figures) => {
                let mut rows = vec![
                    ("clients", figures.clients.to_string()),
                    ("seconds", format!("{:.2}", figures.seconds)),
                    ("logins per second", rounded(figures.per_second)),
                    ("login latency", figures.latency.to_string()),
                ];
                rows.extend(cost_rows(figures.server, Each::Login));
                rows
            }
            Figures::FanOut(figures) => fan_out_rows(figures),
            Figures::Idle(figures) => {
                let mut rows = vec![
                    ("clients", figures.clients.to_string()),
                    ("seconds", format!("{:.2}", figures.seconds)),
                    ("answers to pings", figures.answered.to_string()),
                ];
                rows.extend(cost_rows(figures.server, Each::Second));
                rows
            }
            Figures::Churn(figures) => {
                let mut rows = vec![
                    ("slots", figures.slots.to_string()),
                    ("seconds", format!("{:.2}", figures.seconds)),
                    ("logins", figures.logins.to_string()),
                    ("logins per second", rounded(figures.per_second)),
                    ("login latency", figures.latency.to_string()),
                ];
                rows.extend(cost_rows(figures.server, Each::Login));
                rows
            }
            Figures::Tunnel(figures) => tunnel_rows(figures),
        }
    }
}

fn fan_out_rows(figures: &FanOutFigures) -> Vec<(&'static str, String)> {
    let pace = match figures.pace {
        Pace::Window(window) => format!("{window} messages in flight per sender"),
        Pace::Rate(rate) => format!("{rate} messages per second from all senders together"),
    };
    let echo = if figures.echo { "yes" } else { "no" };
    let mut rows = vec![
        ("clients", figures.clients.to_string()),
        ("senders", format!("{}, {pace}", figures.senders)),
        ("bytes of text", figures.bytes.to_string()),
        ("senders get their own", echo.to_owned()),
        ("seconds", format!("{:.2}", figures.seconds)),
        ("messages", figures.messages.to_string()),
        ("deliveries", figures.deliveries.to_string()),
        ("deliveries per second", rounded(figures.per_second)),
        ("latency", figures.latency.to_string()),
    ];
    rows.extend(cost_rows(figures.server, Each::Delivery));
    rows
}

fn tunnel_rows(figures: &TunnelFigures) -> Vec<(&'static str, String)> {
    let (what, speed, each) = match figures.direction {
        Direction::PingPong => (
            "round trips per second",
            rounded(figures.per_second),
            Each::RoundTrip,
        ),
        _ => (
            "GiB per second",
            format!("{:.2}", figures.per_second),
            Each::Gib,
        ),
    };
    let mut rows = vec![
        ("direction", figures.direction.to_string()),
        ("seconds", format!("{:.2}", figures.seconds)),
        ("bytes", figures.bytes.to_string()),
        (what, speed),
    ];
    rows.extend(
        figures
            .latency
            .map(|latency| ("latency", latency.to_string())),
    );
    rows.extend(cost_rows(figures.server, each));
    rows
}

/// The unit of work for which a cost is given.
#[derive(Clone, Copy)]
enum Each {
    Login,
    Delivery,
    RoundTrip,
    Gib,
    Second,
}

fn cost_rows(cost: Option<ServerCost>, each: Each) -> Vec<(&'static str, String)> {
    let Some(cost) = cost else {
        return Vec::new();
    };
    let micros = cost.cpu_micros_each;
    let share = match each {
        Each::Login => format!("{micros:.1} us per login"),
        Each::RoundTrip => format!("{micros:.1} us per round trip"),
        // A microsecond per delivery is a second per million deliveries, so the number stays the same.
        Each::Delivery => format!("{micros:.3} s per million deliveries"),
        Each::Gib => format!("{:.3} s per GiB", micros / 1e6),
        Each::Second => format!("{:.2} % of a core", micros / 1e4),
    };
    let mut rows = vec![("server CPU", format!("{:.2} s, {share}", cost.cpu_seconds))];
    if let Some(resident) = cost.resident_kib_per_client {
        rows.push(("memory per client", format!("{resident:.1} KiB")));
    }
    rows.push(("server threads", cost.threads.to_string()));
    rows
}

/// Formats a number, with spaces between thousands.
fn rounded(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |micros: u64| micros as f64 / 1000.0;
        write!(
            f,
            "p50 {:.2} ms, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
            millis(self.p50),
            millis(self.p90),
            millis(self.p99),
            millis(self.p999),
            millis(self.max)
        )
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (label, value) in self.rows() {
            writeln!(f, "{label:<26}{value}")?;
        }
        let flaws = self.flaws().in_words();
        let words = if flaws.is_empty() {
            "none".to_owned()
        } else {
            flaws.join("; ")
        };
        writeln!(f, "{:<26}{words}", "violations")
    }
}
