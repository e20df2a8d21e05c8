//! Remembers how the target ended when the clients of a case left. If the target ends in the same way after several cases,
//! it probably has a single mistake, and this mistake counts only once.

use std::collections::BTreeMap;

use crate::judge::Finding;
use crate::scenario::Scenario;

/// Every way in which the target ended after all steps of a case were fulfilled, each with the id of the first such case.
#[derive(Debug, Default)]
pub(crate) struct Ends(BTreeMap<String, String>);

impl Ends {
    /// Takes back the failure of a case if all its steps were fulfilled and the target then ended in the same way as after
    /// an earlier case. The incident stays. A hostile case judges whether the target survives, so the failure of each
    /// hostile case counts.
    pub(crate) fn forgive_repeated(&mut self, case: &Scenario, finding: &mut Finding) {
        let Finding::Played(played) = finding else {
            return;
        };
        let failure = played.failure.as_ref();
        let Some(end) = failure.and_then(|failure| failure.at_teardown.clone()) else {
            return;
        };
        let first = self.0.entry(end).or_insert_with(|| case.id.clone());
        if *first != case.id && !case.hostile {
            played.failure = None;
            played.notes.push(format!(
                "every step was fulfilled; then the target ended in the same way as after the case {first}"
            ));
        }
    }
}
