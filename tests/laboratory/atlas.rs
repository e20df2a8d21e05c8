//! Writes and checks the file `faults.json` of each protocol. For each fault, the file lists the cases that fail because of
//! the fault. The diagnosis reads the file.

use std::collections::BTreeMap;
use std::path::Path;

use conformance::diagnosis::{Atlas, KnownFault, Observed, diagnose};
use matou_laboratory::Specimen;

/// If a suite's protocol extends another protocol, returns the name of that other protocol. The diagnosis then also knows
/// the faults of the other protocol.
fn base_of(suite: &str) -> Option<String> {
    (suite == "chatos-groupe2").then(|| "chaton".to_owned())
}

/// Writes the file of each suite that has faults in `faults`. The other files do not change.
pub(crate) fn write(faults: &[Specimen], caught: Vec<(&'static str, KnownFault)>) {
    let mut atlases: BTreeMap<&str, Atlas> = BTreeMap::new();
    let mut caught: BTreeMap<(&str, String), KnownFault> = caught
        .into_iter()
        .map(|(suite, known)| ((suite, known.does.clone()), known))
        .collect();
    // The faults are written in the order of the source files, not in the order in which the runs ended.
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

/// Checks that the diagnosis names the right fault in at least nine out of ten of these runs. `faults.json` was recorded
/// from other runs, so these runs are new to the diagnosis.
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
        "the diagnosis is wrong for {} of {} faults: {wrong:#?}",
        wrong.len(),
        caught.len()
    );
    assert!(
        10 * wrong.len() <= caught.len(),
        "wrong diagnoses: {wrong:#?}"
    );
}

/// Checks that the file lists each of these faults. For each fault, at least one of the cases in the file must still fail.
pub(crate) fn compare(caught: &[(&'static str, KnownFault)]) {
    let advice = "record faults.json again: LABORATORY_RECORD=1 cargo test --test laboratory";
    for (suite, known) in caught {
        let atlas =
            Atlas::of(suite).unwrap_or_else(|| panic!("{suite} has no faults.json: {advice}"));
        let written = atlas.faults.iter().find(|fault| fault.does == known.does);
        let Some(written) = written else {
            panic!(
                "faults.json of {suite} does not list the server that {}: {advice}",
                known.does
            );
        };
        assert_eq!(written.breaks, known.breaks, "{advice}");
        // Some faults disturb all clients and make different cases fail in each run. Even then, some cases fail in every
        // run.
        assert!(
            !written.fails.is_disjoint(&known.fails),
            "for the server that {}, the cases {:?} fail now, but {:?} failed when faults.json was recorded: {advice}",
            known.does,
            known.fails,
            written.fails
        );
    }
}
