//! The progress of a run, for people who wait for its end.

use crate::judge::{Outcome, Report};

/// A piece of news about a run that is going on.
#[derive(Debug, Clone, Copy)]
pub enum Milestone<'a> {
    /// The target speaks the protocol; the cases begin.
    Begins {
        /// The report so far. It does not contain the results of the cases yet.
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
    /// The verdict of a case is final. It is reported once for each case.
    Judged(&'a Outcome),
}
