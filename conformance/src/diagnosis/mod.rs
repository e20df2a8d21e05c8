//! The diagnosis: the likely causes of the failed cases of a run.
//!
//! The laboratory has servers with one known fault each. The [`Atlas`] of a protocol records which cases fail because of
//! each fault. The diagnosis compares the failures of a run with the cases that fail because of each fault, and because of
//! each pair of faults. It describes the faults that match best, and says how well they match. The result is a guess, and
//! the report says so.

mod atlas;
mod measure;
mod rank;

pub use atlas::{Atlas, KnownFault, Observed};
pub use measure::{Accuracy, measure};
pub use rank::{Explanation, MOST, diagnose};

use crate::run::Report;

/// Returns the likely causes of the failures of a run, the most likely first. The list is empty if no case failed, or if no
/// known fault fits.
#[must_use]
pub fn of(report: &Report) -> Vec<Explanation> {
    Atlas::of(&report.protocol)
        .map_or_else(Vec::new, |atlas| diagnose(&atlas, &atlas::observed(report)))
}
