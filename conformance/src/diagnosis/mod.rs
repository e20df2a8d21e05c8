//! What is likely wrong with a target, told from which cases it fails.
//!
//! The laboratory (servers with one known mistake each) has written down which cases each mistake fails: the [`Atlas`] of a
//! protocol. A run's failures are compared with those of every mistake and of every two mistakes together; what fits best is
//! named in the words of the mistake, with how well it fits. It is a guess, and said to be one.

mod atlas;
mod measure;
mod rank;

pub use atlas::{Atlas, KnownFault, Observed};
pub use measure::{Accuracy, measure};
pub use rank::{Explanation, MOST, diagnose};

use crate::run::Report;

/// What is likely wrong with the target of a run, the likeliest first; empty if nothing failed, or nothing known fits.
#[must_use]
pub fn of(report: &Report) -> Vec<Explanation> {
    Atlas::of(&report.protocol)
        .map_or_else(Vec::new, |atlas| diagnose(&atlas, &atlas::observed(report)))
}
