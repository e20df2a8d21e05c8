//! The progress of a run, for people who wait for its end.

use crate::judge::{Outcome, Report};

/// A piece of news for people who wait for the end of a run.
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
        /// The id of the case.
        id: &'a str,
        /// Whether all its steps succeeded.
        held: bool,
    },
    /// A case is judged. Each case of the report is judged once.
    Judged(&'a Outcome),
}
