//! The time limits of a protocol. If a server uses other time limits, the user can change them on the command line.

use std::time::Duration;

/// A duration with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The name, such as `ping-within`.
    pub name: String,
    /// The value if the command line does not set it.
    pub default: Duration,
}

/// Parses a duration such as `500ms`, `1.5s` or `2min`.
#[must_use]
pub fn duration_of(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" | "min" => number * 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}
