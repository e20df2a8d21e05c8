//! The accuracy of the diagnosis: how often it is right about servers with known faults.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::run::FailureKind;

use super::atlas::{Atlas, KnownFault};
use super::cause::RootCause;
use super::diagnose::diagnose;
use super::observed::{Observed, Symptom};

/// The run of a suite against a server with known faults.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Play {
    /// The name of the suite.
    pub suite: String,
    /// What the server does wrong, as in the atlas.
    pub faults: Vec<String>,
    /// What the run has shown.
    pub observed: Observed,
}

/// How many causes may be named at most before all faults are named: for servers with one, two and three faults.
const AMONG_THE_FIRST: [usize; 3] = [1, 3, 5];

/// How often the diagnosis named the faults that the servers really have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accuracy {
    /// The number of servers with one, two and three faults.
    pub servers: [usize; 3],
    /// The number of these servers for which the diagnosis named all faults: one fault first, two faults among the first
    /// three causes, three faults among the first five.
    pub complete: [usize; 3],
    /// The number of causes that the diagnosis named.
    pub named: usize,
    /// The number of these causes that are right.
    pub right: usize,
}

impl Accuracy {
    /// Returns the share of servers with this number of faults for which the diagnosis named all faults, in percent.
    #[must_use]
    pub fn percent(&self, faults: usize) -> f64 {
        let of = |counts: &[usize; 3]| counts.get(faults.wrapping_sub(1)).copied();
        share(of(&self.complete), of(&self.servers))
    }

    /// Returns the share of named causes that are right, in percent.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(Some(self.right), Some(self.named))
    }
}

fn share(part: Option<usize>, whole: Option<usize>) -> f64 {
    100.0 * part.unwrap_or_default() as f64 / whole.unwrap_or_default().max(1) as f64
}

/// Diagnoses the servers of these runs, which must all be of the protocol of the atlas.
///
/// A cause is right if it names one of the server's faults, or a fault that predicts the same failures among the cases that
/// were judged. Some faults hide other faults of the same server. A fault is hidden if none of its cases could be judged, or
/// if all of its failed cases also belong to another fault of the server. Whether the diagnosis names a hidden fault or not
/// does not count.
#[must_use]
pub fn judge_plays<'a>(atlas: &Atlas, plays: impl IntoIterator<Item = &'a Play>) -> Accuracy {
    let mut accuracy = Accuracy::default();
    for play in plays {
        let known = atlas.faults.iter();
        let faults: Vec<&KnownFault> = known.filter(|it| play.faults.contains(&it.does)).collect();
        count(&mut accuracy, atlas, &faults, &play.observed);
    }
    accuracy
}

/// Measures the diagnosis with imaginary servers: one for each fault of the atlas. Such a server fails exactly the cases that
/// the atlas lists for its fault.
#[must_use]
pub fn measure(atlas: &Atlas) -> Accuracy {
    let mut accuracy = Accuracy::default();
    for fault in &atlas.faults {
        count(&mut accuracy, atlas, &[fault], &imagined(atlas, fault));
    }
    accuracy
}

fn imagined(atlas: &Atlas, fault: &KnownFault) -> Observed {
    let is_judged = |id: &&String| !fault.fails.contains(*id) && !fault.hides.contains(*id);
    let all = atlas.faults.iter().flat_map(|fault| &fault.fails);
    let failed = fault.fails.iter().map(|id| {
        let symptom = Symptom {
            kind: Some(FailureKind::Mismatch),
            shape: fault.looks.get(id).cloned().unwrap_or_default(),
            hint: fault.shows.first().cloned(),
            ..Symptom::default()
        };
        (id.clone(), symptom)
    });
    Observed {
        held: all.filter(is_judged).cloned().collect(),
        failed: failed.collect(),
        unjudged: fault.hides.iter().map(|id| (id.clone(), None)).collect(),
    }
}

fn count(accuracy: &mut Accuracy, atlas: &Atlas, faults: &[&KnownFault], observed: &Observed) {
    let by_name: BTreeMap<&str, &KnownFault> = atlas
        .faults
        .iter()
        .map(|fault| (fault.does.as_str(), fault))
        .collect();
    let is_named = |cause: &RootCause, fault: &KnownFault| {
        let others = cause.or.iter().map(|suspect| &suspect.does);
        let mut suspects = [&cause.does].into_iter().chain(others);
        suspects.any(|does| {
            let said = by_name.get(does.as_str());
            said.is_some_and(|said| predicted(said, observed) == predicted(fault, observed))
        })
    };
    let visible: Vec<&KnownFault> = faults
        .iter()
        .copied()
        .filter(|fault| is_visible(fault, faults, observed))
        .collect();
    let causes = diagnose(atlas, observed).causes;
    if let (Some(servers), Some(complete), Some(first)) = (
        accuracy.servers.get_mut(faults.len().wrapping_sub(1)),
        accuracy.complete.get_mut(faults.len().wrapping_sub(1)),
        AMONG_THE_FIRST.get(faults.len().wrapping_sub(1)),
    ) && visible.len() == faults.len()
    {
        let among_the_first = |fault: &&KnownFault| {
            let mut first = causes.iter().take(*first);
            first.any(|cause| is_named(cause, fault))
        };
        let is_complete = visible.iter().all(among_the_first);
        *servers += 1;
        *complete += usize::from(is_complete);
    }
    for cause in &causes {
        let is_right = visible.iter().any(|fault| is_named(cause, fault));
        let is_hidden = faults.iter().any(|fault| is_named(cause, fault));
        accuracy.right += usize::from(is_right);
        accuracy.named += usize::from(is_right || !is_hidden);
    }
}

/// Returns the judged cases that the fault makes fail.
fn predicted<'a>(fault: &'a KnownFault, observed: &Observed) -> BTreeSet<&'a String> {
    let is_judged = |id: &&String| observed.failed.contains_key(*id) || observed.held.contains(*id);
    fault.fails.iter().filter(is_judged).collect()
}

fn is_visible(fault: &KnownFault, faults: &[&KnownFault], observed: &Observed) -> bool {
    let others = || faults.iter().filter(|other| other.does != fault.does);
    let belongs_to_another = |id: &String| {
        others().any(|other| other.fails.contains(id) || other.sometimes.contains(id))
    };
    let failed = &observed.failed;
    let mut failed = fault.fails.iter().filter(|id| failed.contains_key(*id));
    failed.any(|id| !belongs_to_another(id))
}
