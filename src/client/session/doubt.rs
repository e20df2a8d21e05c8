//! Lines that may be lost: they were written, but the connection ended before the server had confirmed them.

use std::time::Instant;

use super::Session;
use super::holding::lines;
use crate::ending::Ending;
use crate::escape::Escaped;
use crate::typing::held::Entered;
use crate::typing::sent::Lost;

/// Maximum number of lines to show.
const SHOWN: usize = 10;

impl Session {
    /// Tells the user which lines the server may not have received.
    pub(super) fn tell_doubt(&mut self, lost: &Lost) {
        let count = lost.uncounted + lost.in_doubt.len();
        if count == 0 {
            return;
        }
        self.doubts_a_line = true;
        let them = if count == 1 { "it" } else { "them" };
        let head = format!(
            "{} may be lost: the server had not confirmed {them} when the connection ended",
            lines(count)
        );
        let mut rows: Vec<_> = lost.in_doubt.iter().map(row_of).collect();
        if rows.len() > SHOWN {
            let last = rows.pop();
            rows.truncate(SHOWN - 1);
            rows.push(format!(
                "  {} between them",
                lines(lost.in_doubt.len() - SHOWN)
            ));
            rows.extend(last);
        }
        if lost.uncounted > 0 {
            rows.insert(0, format!("  {} before them", lines(lost.uncounted)));
        }
        self.output.block(&head, &rows);
    }

    /// Returns the actual ending of a chat that is about to end with `then`. With `--reconnect`, the user wants to know
    /// which lines have not arrived. If the server closes the connection and has not sent a line back, the server has not
    /// read this line. In this case, this function reports such lines and returns another ending.
    pub(super) fn without_doubt(&mut self, then: Ending) -> Ending {
        let is_asked = self.options.reconnect && matches!(then, Ending::InOrder);
        if !is_asked || !self.sent.misses_an_echo() {
            return then;
        }
        let lost = self.sent.lose(u64::MAX, Instant::now());
        self.tell_doubt(&lost);
        self.wanted_ending()
    }
}

/// Formats a line that may be lost.
fn row_of(line: &Entered) -> String {
    let typed = line.typed.to_string();
    match line.number {
        Some(number) => format!("  line {number}: {}", Escaped(&typed)),
        None => format!("  {}", Escaped(&typed)),
    }
}
