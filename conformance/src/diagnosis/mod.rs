//! The diagnosis: the likely causes of the failed cases of a run.
//!
//! The laboratory (servers with one known mistake each) has recorded which cases each mistake fails: the [`Atlas`] of a
//! protocol. The diagnosis compares a run's failures with those of every mistake and of every pair of mistakes. It
//! names the best matches in the words of the mistake, with how well they fit. The result is a guess, and the report
//! says so.

mod atlas;
mod measure;
mod rank;

pub use atlas::{Atlas, KnownFault, Observed};
pub use measure::{Accuracy, measure};
pub use rank::{Explanation, MOST, diagnose};

use crate::run::Report;

/// Returns the likely causes of the failures of a run, the most likely first; empty if nothing failed, or nothing known
/// fits.
#[must_use]
pub fn of(report: &Report) -> Vec<Explanation> {
    Atlas::of(&report.protocol)
        .map_or_else(Vec::new, |atlas| diagnose(&atlas, &atlas::observed(report)))
}
