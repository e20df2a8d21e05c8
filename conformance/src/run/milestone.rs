//! The progress of a run, for a person who waits for it.

use crate::judge::{Outcome, Report};

/// A piece of news for a person who waits.
#[derive(Debug, Clone, Copy)]
pub enum Milestone<'a> {
    /// The target speaks the protocol; the cases begin.
    Begins {
        /// The report, still without cases.
        report: &'a Report,
        /// The number of cases.
        cases: usize,
    },
    /// A case was played once. The runner may play it again before it is judged.
    Played {
        /// Its id.
        id: &'a str,
        /// Whether it reached its end.
        held: bool,
    },
    /// A case is judged. Each case of the report is judged once.
    Judged(&'a Outcome),
}
