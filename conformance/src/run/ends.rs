//! The ways in which the target ended when the clients of a case left. One mistake of the target counts once.

use std::collections::BTreeMap;

use crate::judge::Finding;
use crate::scenario::Scenario;

/// The ways in which the target ended after all steps of a case were fulfilled, each with the first of these cases.
#[derive(Debug, Default)]
pub(crate) struct Ends(BTreeMap<String, String>);

impl Ends {
    /// Takes back the failure of a case if all its steps were fulfilled and the target then ended in the same way as after an
    /// earlier case. The incident stays. Hostile cases judge whether the target survives, so each of them counts.
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
                "every step was fulfilled; then the target ended in the same way as after {first}"
            ));
        }
    }
}
