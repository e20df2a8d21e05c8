//! What the laboratory writes down for the diagnosis: which cases each fault fails.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::diagnosis::{Atlas, KnownFault, Observed, diagnose};

use crate::fault::Specimen;

/// The protocol that a suite extends, whose faults are known in it, too.
fn base_of(suite: &str) -> Option<String> {
    (suite == "chatos-groupe2").then(|| "chaton".to_owned())
}

/// Writes a file for each suite; suites that were not looked at keep theirs.
pub(crate) fn write(faults: &[Specimen], caught: Vec<(&'static str, KnownFault)>) {
    let mut atlases: BTreeMap<&str, Atlas> = BTreeMap::new();
    let mut caught: BTreeMap<(&str, String), KnownFault> = caught
        .into_iter()
        .map(|(suite, known)| ((suite, known.does.clone()), known))
        .collect();
    // In the order in which the faults stand in their files, not in the one in which they were done.
    for fault in faults {
        let atlas = atlases.entry(fault.suite).or_insert_with(|| Atlas {
            also: base_of(fault.suite),
            faults: Vec::new(),
        });
        let known = caught.remove(&(fault.suite, fault.name.to_owned()));
        atlas.faults.extend(known);
    }
    let protocols = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/protocols");
    for (suite, atlas) in atlases {
        let file = protocols.join(suite).join("faults.json");
        std::fs::write(file, atlas.text()).unwrap();
    }
}

/// What is guessed from what these runs saw is right, nearly always: not only for the runs that were written down.
pub(crate) fn guess(caught: &[(&'static str, KnownFault)]) {
    let mut wrong = Vec::new();
    for (suite, known) in caught {
        let atlas = Atlas::of(suite).unwrap_or_default();
        let all = &crate::suite(suite).scenarios;
        let ids = all.iter().map(|scenario| scenario.id.clone());
        let observed = Observed {
            failed: known.fails.clone(),
            judged: ids.filter(|id| !known.hides.contains(id)).collect(),
        };
        let told = diagnose(&atlas, &observed);
        let first = told.first().and_then(|it| it.causes.first());
        let looks_the_same = |does: &String| {
            let signature = |does: &str| {
                let mut faults = atlas.faults.iter();
                faults
                    .find(|fault| fault.does == does)
                    .map(|fault| &fault.fails)
            };
            signature(does) == signature(&known.does)
        };
        if !first.is_some_and(looks_the_same) {
            wrong.push(format!("{}: {told:?}", known.does));
        }
    }
    println!(
        "{} of {} guessed wrong: {wrong:#?}",
        wrong.len(),
        caught.len()
    );
    assert!(10 * wrong.len() <= caught.len(), "{wrong:#?}");
}

/// What was written down is of these faults, and each is still caught by cases that it names.
pub(crate) fn compare(caught: &[(&'static str, KnownFault)]) {
    let advice = "write it down again: LABORATORY_RECORD=1 cargo test --test laboratory";
    for (suite, known) in caught {
        let atlas = Atlas::of(suite).unwrap_or_else(|| panic!("{suite} has no atlas: {advice}"));
        let written = atlas.faults.iter().find(|fault| fault.does == known.does);
        let Some(written) = written else {
            panic!(
                "{suite} does not know the server that {}: {advice}",
                known.does
            );
        };
        assert_eq!(written.breaks, known.breaks, "{advice}");
        // A mistake that disturbs everybody fails other cases each time, but never quite others.
        assert!(
            !written.fails.is_disjoint(&known.fails),
            "the server that {} fails {:?} now, and {:?} when it was written down: {advice}",
            known.does,
            known.fails,
            written.fails
        );
    }
}
