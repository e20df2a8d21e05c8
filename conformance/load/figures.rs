//! What came of a load: for people a table, for programs JSON.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::work::{Direction, Pace};

/// Latencies up to a minute, in microseconds, to three digits.
pub(super) fn latencies() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the bounds are constants that fit")]
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds of a histogram")
}

pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// What came of a load.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Figures {
    /// Of clients that connected and logged in.
    Storm(StormFigures),
    /// Of messages for everybody.
    FanOut(FanOutFigures),
    /// Of clients that say nothing unasked.
    Idle(IdleFigures),
    /// Of coming and going.
    Churn(ChurnFigures),
    /// Of a private connection.
    Tunnel(TunnelFigures),
}

/// How clients got in.
#[derive(Debug, Clone, Serialize)]
pub struct StormFigures {
    /// How many.
    pub clients: usize,
    /// From the first connect to the last login.
    pub seconds: f64,
    /// Logins.
    pub per_second: f64,
    /// From connect to the answer of the login.
    pub latency: Latency,
    /// Per login, where the process is known.
    pub server: Option<ServerCost>,
}

/// How messages reached everybody.
#[derive(Debug, Clone, Serialize)]
pub struct FanOutFigures {
    /// How many were in the room.
    pub clients: usize,
    /// How many of them spoke.
    pub senders: usize,
    /// How fast.
    pub pace: Pace,
    /// Of text in a message.
    pub bytes: usize,
    /// Whether senders get their own messages.
    pub echo: bool,
    /// From the first message sent to the last copy that came.
    pub seconds: f64,
    /// How many were sent.
    pub messages: u64,
    /// How many copies came.
    pub deliveries: u64,
    /// Copies.
    pub per_second: f64,
    /// From sending a message to each of its copies.
    pub latency: Latency,
    /// Per delivery, where the process is known.
    pub server: Option<ServerCost>,
    /// What went wrong.
    pub flaws: Flaws,
}

/// What it costs that clients are there.
#[derive(Debug, Clone, Serialize)]
pub struct IdleFigures {
    /// How many.
    pub clients: usize,
    /// How long.
    pub seconds: f64,
    /// What they answered by themselves, such as pings.
    pub answered: u64,
    /// Per second, where the process is known.
    pub server: Option<ServerCost>,
    /// What went wrong.
    pub flaws: Flaws,
}

/// How clients came and went.
#[derive(Debug, Clone, Serialize)]
pub struct ChurnFigures {
    /// How many did so at the same time.
    pub slots: usize,
    /// How long.
    pub seconds: f64,
    /// How many were let in.
    pub logins: u64,
    /// Logins.
    pub per_second: f64,
    /// From connect to the answer of the login.
    pub latency: Latency,
    /// Per login, where the process is known.
    pub server: Option<ServerCost>,
    /// Who was not let in.
    pub flaws: Flaws,
}

/// How bytes went through a private connection.
#[derive(Debug, Clone, Serialize)]
pub struct TunnelFigures {
    /// Which way.
    pub direction: Direction,
    /// How long.
    pub seconds: f64,
    /// Bytes that came, in all.
    pub bytes: u64,
    /// GiB per second, in all directions; for a ping-pong, round trips per second.
    pub per_second: f64,
    /// Of round trips.
    pub latency: Option<Latency>,
    /// Per GiB or per round trip, where the process is known.
    pub server: Option<ServerCost>,
    /// What went wrong.
    pub flaws: Flaws,
}

/// Latencies in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    /// Half were faster.
    pub p50: u64,
    /// Nine of ten were.
    pub p90: u64,
    /// All but one of a hundred were.
    pub p99: u64,
    /// All but one of a thousand were.
    pub p999: u64,
    /// The slowest.
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

/// What the work cost the server's process.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ServerCost {
    /// User and system time.
    pub cpu_seconds: f64,
    /// The same per delivery, login, GiB, round trip or second, in microseconds.
    pub cpu_micros_each: f64,
    /// Resident memory that each idle client took, in KiB.
    pub resident_kib_per_client: Option<f64>,
    /// Threads at the end.
    pub threads: u64,
}

/// Promises that were broken.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Flaws {
    /// Copies that never came; in a tunnel, bytes.
    pub lost: u64,
    /// Copies that came before or behind their place.
    pub out_of_order: u64,
    /// Copies whose bytes were not those that were sent.
    pub damaged: u64,
    /// Frames that nobody asked for.
    pub unexpected: u64,
    /// The first of them, in words.
    pub first_unexpected: Option<String>,
    /// Connections that ended or were refused.
    pub ends: usize,
    /// The first of them, in words.
    pub first_end: Option<String>,
}

impl Flaws {
    /// One more frame that nobody asked for.
    pub(super) fn came_unexpectedly(&mut self, words: &str) {
        self.unexpected += 1;
        self.first_unexpected
            .get_or_insert_with(|| words.to_owned());
    }

    /// Nothing went wrong.
    #[must_use]
    pub fn none(&self) -> bool {
        self.lost + self.out_of_order + self.damaged + self.unexpected == 0 && self.ends == 0
    }

    /// A sentence for each kind.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let of = |what: &Option<String>| match what {
            Some(first) => format!(", the first: {first}"),
            None => String::new(),
        };
        let counted = [
            (self.lost, "never arrived".to_owned()),
            (self.out_of_order, "arrived out of order".to_owned()),
            (self.damaged, "arrived damaged".to_owned()),
            (
                self.unexpected,
                format!("arrived unexpectedly{}", of(&self.first_unexpected)),
            ),
            (
                self.ends as u64,
                format!("connections ended or were refused{}", of(&self.first_end)),
            ),
        ];
        let bad = counted.into_iter().filter(|(count, _)| *count > 0);
        bad.map(|(count, what)| format!("{count} {what}")).collect()
    }
}

impl Figures {
    /// What went wrong; a storm that did not let everybody in has no figures.
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
        Pace::Rate(rate) => format!("{rate} messages per second in all"),
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

/// What a cost is divided by.
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
        // Microseconds for one are seconds for a million.
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

/// With spaces between thousands.
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
