//! The rows that show transfers, above the prompt.

use std::time::{Duration, Instant};

use super::Session;
use crate::escape::Name;
use crate::files::disk::{Pace, bytes_in_words};
use crate::files::exchange::FileDirection;

/// The rows of the terminal that show the progress of transfers, and the time of their next update.
#[derive(Debug, Default)]
pub(super) struct Progress {
    rows: Vec<String>,
    due: Option<Instant>,
}

/// Interval between updates. The interval is short, so that the bars move smoothly, but long enough to use little processor
/// time.
const PROGRESS_STEP: Duration = Duration::from_millis(150);
/// Maximum number of rows. Further transfers have no row.
const MAX_ROWS: usize = 4;
/// The width of a bar, in columns.
const BAR: u64 = 20;

impl Progress {
    /// Makes an update due now. Call it when a transfer starts or ends.
    pub(super) fn begin(&mut self) {
        self.due.get_or_insert_with(Instant::now);
    }

    /// Returns the time of the next update of the rows.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

impl Session {
    /// Returns the rows of the transfers. The rows change only when an update is due.
    pub(super) fn progress_rows(&mut self) -> Vec<String> {
        let now = Instant::now();
        if self.progress.due.is_some_and(|due| due <= now) {
            let mut rows = Vec::new();
            for (_, tunnel) in self.private.iter_mut() {
                let running = tunnel.speech.exchange().running();
                for pace in tunnel.files.paces(running, now) {
                    rows.push(row(&tunnel.peer, &pace));
                }
            }
            rows.truncate(MAX_ROWS);
            self.progress.due = (!rows.is_empty()).then_some(now + PROGRESS_STEP);
            self.progress.rows = rows;
        }
        self.progress.rows.clone()
    }
}

fn row(peer: &str, pace: &Pace) -> String {
    let Pace {
        way,
        name,
        done,
        size,
        rate,
    } = pace;
    let percent =
        u64::try_from(u128::from(*done) * 100 / u128::from((*size).max(1))).unwrap_or(100);
    let full = usize::try_from(percent * BAR / 100).unwrap_or_default();
    let bar = format!("{:<width$}", "#".repeat(full), width = BAR as usize);
    let arrow = match way {
        FileDirection::In => "<-",
        FileDirection::Out => "->",
    };
    let left = match (size - done).checked_div(*rate) {
        Some(seconds) if seconds < 100 * 3600 => in_words(seconds),
        _ => "--:--".into(),
    };
    format!(
        " [{bar}] {percent:>3}%  {}/s  {left}  {} {arrow} {}  {} of {}",
        bytes_in_words(*rate),
        Name(peer),
        Name(name),
        bytes_in_words(*done),
        bytes_in_words(*size),
    )
}

fn in_words(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_how_far_how_fast_and_how_long() {
        let pace = Pace {
            way: FileDirection::In,
            name: "cat.png".into(),
            done: 25_000_000,
            size: 100_000_000,
            rate: 1_000_000,
        };
        assert_eq!(
            row("bob", &pace),
            " [#####               ]  25%  1.0 MB/s  1:15  bob <- cat.png  25.0 MB of 100.0 MB"
        );
        let still = Pace { rate: 0, ..pace };
        assert!(row("bob", &still).contains("--:--"));
    }
}
