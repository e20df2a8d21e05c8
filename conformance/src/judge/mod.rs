//! Turns the records of plays into verdicts.
//!
//! | file | what |
//! |---|---|
//! | `findings` | the finding of each case: the record of its play, or why the case is undecided |
//! | `court` | turns a finding into a verdict and its cause: this file decides which cases fail |
//! | `outcome` | the result of one judged case, and the report of a whole run |
//!
//! The court uses no connection and no clock, so the same findings always give the same verdicts.

mod court;
mod findings;
mod outcome;

pub(crate) use court::{Court, by_id};
pub(crate) use findings::{Finding, Findings};
pub use outcome::{Cause, Outcome, Recut, Report, SettledReading, Verdict};
