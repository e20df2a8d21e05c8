//! The accuracy of the diagnosis: how often it is right about the servers of the laboratory.

use std::collections::BTreeSet;

use super::atlas::{Atlas, KnownFault, Observed};
use super::rank::{Explanation, diagnose};

/// How often the diagnosis named the fault that the server really has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accuracy {
    /// The number of servers with one fault.
    pub single: usize,
    /// The number of these servers for which the first explanation named the fault.
    pub single_first: usize,
    /// The number of these servers for which any explanation named the fault.
    pub single_named: usize,
    /// The number of servers with two faults.
    pub pairs: usize,
    /// The number of these servers for which the first explanation named both faults.
    pub pairs_first: usize,
    /// The number of these servers for which the first explanation named at least one of the two faults.
    pub pairs_half: usize,
}

/// Measures the diagnosis: diagnoses one imaginary server for each fault of the atlas, and one for each pair of faults. A
/// server with a pair of faults is assumed to fail every case that fails because of at least one of them.
///
/// If exactly the same cases fail because of two different faults, the diagnosis cannot distinguish these faults. The
/// diagnosis then counts as right if it names either of them.
#[must_use]
pub fn measure(atlas: &Atlas) -> Accuracy {
    let mut accuracy = Accuracy::default();
    for (index, fault) in atlas.faults.iter().enumerate() {
        let told = told(atlas, &[fault]);
        accuracy.single += 1;
        accuracy.single_first +=
            usize::from(told.first().is_some_and(|it| names(atlas, it, &[fault])));
        accuracy.single_named += usize::from(told.iter().any(|it| one_of(atlas, it, &[fault])));
        for other in atlas.faults.iter().skip(index + 1) {
            let pair = [fault, other];
            let told = self::told(atlas, &pair);
            let first = told.first();
            accuracy.pairs += 1;
            accuracy.pairs_first += usize::from(first.is_some_and(|it| names(atlas, it, &pair)));
            accuracy.pairs_half += usize::from(first.is_some_and(|it| one_of(atlas, it, &pair)));
        }
    }
    accuracy
}

fn told(atlas: &Atlas, faults: &[&KnownFault]) -> Vec<Explanation> {
    let failed: BTreeSet<String> = faults
        .iter()
        .flat_map(|fault| fault.fails.clone())
        .collect();
    let hidden = faults.iter().flat_map(|fault| &fault.hides);
    let hidden: BTreeSet<&String> = hidden.filter(|id| !failed.contains(*id)).collect();
    let all = atlas.faults.iter().flat_map(|fault| fault.fails.iter());
    let judged = all.filter(|id| !hidden.contains(id)).cloned().collect();
    diagnose(atlas, &Observed { failed, judged })
}

/// Returns whether the explanation counts as right: the faults that it names make exactly the same cases fail as these
/// faults.
fn names(atlas: &Atlas, told: &Explanation, faults: &[&KnownFault]) -> bool {
    let union = |faults: &mut dyn Iterator<Item = &KnownFault>| -> BTreeSet<String> {
        faults.flat_map(|fault| fault.fails.clone()).collect()
    };
    let by_name = |does: &String| atlas.faults.iter().find(|fault| fault.does == *does);
    let said = union(&mut told.causes.iter().filter_map(by_name));
    said == union(&mut faults.iter().copied())
}

/// Returns whether the explanation names at least one of these faults, or a fault that makes exactly the same cases fail as
/// one of them.
fn one_of(atlas: &Atlas, told: &Explanation, faults: &[&KnownFault]) -> bool {
    let by_name = |does: &String| atlas.faults.iter().find(|fault| fault.does == *does);
    let mut said = told.causes.iter().filter_map(by_name);
    said.any(|said| faults.iter().any(|fault| fault.fails == said.fails))
}
