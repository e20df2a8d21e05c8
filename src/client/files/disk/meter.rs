use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Measures the bytes per second over the last few seconds. The caller passes the current time to each function.
#[derive(Debug)]
pub(crate) struct Meter {
    /// The marks, oldest first. Each mark is a time and the number of bytes transferred until this time.
    marks: VecDeque<(Instant, u64)>,
}

/// The time after which a mark is dropped.
const WINDOW: Duration = Duration::from_secs(5);
/// Minimum time between two marks.
const STEP: Duration = Duration::from_millis(100);

impl Meter {
    /// Starts to measure.
    pub(crate) fn new(now: Instant, done: u64) -> Meter {
        Meter {
            marks: VecDeque::from([(now, done)]),
        }
    }

    /// Records that `done` bytes have been transferred so far, and returns the rate in bytes per second.
    pub(crate) fn rate(&mut self, now: Instant, done: u64) -> u64 {
        let last = self.marks.back().map(|(at, _)| *at);
        if last.is_none_or(|at| now.duration_since(at) >= STEP) {
            self.marks.push_back((now, done));
        }
        while self.marks.len() > 2 && now.duration_since(self.marks[1].0) > WINDOW {
            self.marks.pop_front();
        }
        let Some((since, before)) = self.marks.front() else {
            return 0;
        };
        let millis = now.duration_since(*since).as_millis().max(1);
        let bytes = u128::from(done.saturating_sub(*before));
        u64::try_from(bytes * 1000 / millis).unwrap_or(u64::MAX)
    }
}

/// Formats a number of bytes: `1.5 MB`.
pub(crate) fn bytes_in_words(bytes: u64) -> String {
    let mut unit = 1_u64;
    for name in ["bytes", "kB", "MB", "GB"] {
        if bytes < unit.saturating_mul(1000) || name == "GB" {
            return match (name, bytes * 10 / unit) {
                ("bytes", _) => format!("{bytes} bytes"),
                (_, tenths) => format!("{}.{} {name}", tenths / 10, tenths % 10),
            };
        }
        unit *= 1000;
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0, "0 bytes")]
    #[case(999, "999 bytes")]
    #[case(1_000, "1.0 kB")]
    #[case(104_857_600, "104.8 MB")]
    #[case(7_300_000_000_000, "7300.0 GB")]
    fn sizes_are_readable(#[case] bytes: u64, #[case] words: &str) {
        assert_eq!(bytes_in_words(bytes), words);
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut meter = Meter::new(start, 500);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(meter.rate(at(1), 1_500), 1_000);
        assert_eq!(meter.rate(at(2), 2_500), 1_000);
        // No more bytes arrive.
        assert!(meter.rate(at(6), 2_500) < 500);
        assert_eq!(meter.rate(at(60), 2_500), 0);
    }
}
