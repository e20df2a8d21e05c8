//! Bounds of time.

use std::time::Duration;

use super::Reader;
use crate::source::Node;

/// The longest bound of one step.
const MAX_WITHIN: Duration = Duration::from_secs(3600);

impl Reader<'_> {
    /// The block behind an expectation.
    pub(super) fn within_in(&mut self, block: &[Node]) -> Option<Option<Duration>> {
        let mut bound = None;
        for node in block {
            match node.name.text.as_str() {
                "within" => bound = Some(self.within(node)?),
                "split" => {
                    self.error(
                        node,
                        &node.name.span,
                        "`split` cuts what is sent",
                        "put it behind a send: alice > LOGIN login=@alice { split every=1 }",
                    );
                    return None;
                }
                other => {
                    self.error(
                        node,
                        &node.name.span,
                        format!("`{other}` does not belong here"),
                        "behind an expectation stands only { within \"5s\" }",
                    );
                    return None;
                }
            }
        }
        Some(bound)
    }

    pub(super) fn within(&mut self, node: &Node) -> Option<Duration> {
        let example = "write a number and its unit, ms, s or min, in quotes: within \"500ms\"";
        let [entry] = node.entries.as_slice() else {
            self.error(node, &node.name.span, "`within` lacks its time", example);
            return None;
        };
        let duration = entry
            .text()
            .and_then(duration_of)
            .filter(|_| entry.key.is_none());
        let Some(duration) = duration else {
            self.error(node, &entry.span, format!("{entry} is not a time"), example);
            return None;
        };
        if duration.is_zero() || duration > MAX_WITHIN {
            self.error(
                node,
                &entry.span,
                format!("{entry} is not a bound"),
                "it is more than nothing and at most an hour",
            );
            return None;
        }
        Some(duration)
    }
}

/// `500ms`, `1.5s`, `2min`.
fn duration_of(text: &str) -> Option<Duration> {
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
