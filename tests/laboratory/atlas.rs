//! Writes and checks the file `faults.json` of each protocol. For each fault, the file lists the cases that fail because of
//! the fault. The diagnosis reads the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use conformance::diagnosis::{
    Accuracy, Atlas, KnownFault, Observed, Play, Symptom, diagnose, judge_plays,
};
use conformance::run::{FailureKind, Report};
use matou_laboratory::{Specimen, missing_packets};

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
        let before = Atlas::of(fault.suite).unwrap_or_default().faults;
        let before = before.into_iter().find(|before| before.does == fault.name);
        atlas
            .faults
            .extend(known.map(|known| merged(known, before)));
    }
    let protocols = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/protocols");
    for (suite, mut atlas) in atlases {
        // Only the example `accuracy` plays these faults.
        let others = missing_packets().into_iter().filter(|it| it.suite == suite);
        let others: BTreeSet<_> = others.map(|it| it.name).collect();
        let before = Atlas::of(suite).unwrap_or_default().faults.into_iter();
        atlas
            .faults
            .extend(before.filter(|known| others.contains(&*known.does)));
        let file = protocols.join(suite).join("faults.json");
        std::fs::write(file, atlas.text()).unwrap();
    }
}

/// Returns the new record of a fault, with what the record before knows about cases that fail only sometimes. If most of the
/// cases differ, the fault or the suite has changed, and the record before is dropped.
fn merged(now: KnownFault, before: Option<KnownFault>) -> KnownFault {
    let is_like = |before: &KnownFault| {
        let both = before.fails.intersection(&now.fails).count();
        2 * both >= before.fails.len()
    };
    let Some(before) = before.filter(is_like) else {
        return now;
    };
    let failed = before.fails.union(&before.sometimes);
    let sometimes = failed.filter(|id| !now.fails.contains(*id));
    KnownFault {
        sometimes: sometimes.cloned().collect(),
        shows: before.shows.clone(),
        looks: before.looks.clone(),
        ..now
    }
}

/// Checks that the diagnosis names the right fault first in at least nineteen out of twenty of these runs, and that at most
/// one out of eight named causes is wrong. `faults.json` was recorded from other runs, so these runs are new to the diagnosis.
pub(crate) fn guess(caught: &[(&'static str, KnownFault)]) {
    let mut first = 0;
    let mut all = Accuracy::default();
    for (suite, known) in caught {
        let atlas = Atlas::of(suite).unwrap_or_default();
        let play = Play {
            suite: (*suite).to_owned(),
            faults: vec![known.does.clone()],
            observed: observed(suite, known),
        };
        let accuracy = judge_plays(&atlas, [&play]);
        if accuracy.complete != accuracy.servers {
            let named = diagnose(&atlas, &play.observed).causes;
            let named: Vec<_> = named.iter().map(|cause| &cause.does).collect();
            println!(
                "not named first: the server {}; named: {named:?}",
                known.does
            );
        }
        first += accuracy.complete[0];
        all.servers[0] += accuracy.servers[0];
        all.named += accuracy.named;
        all.right += accuracy.right;
    }
    println!("named first: {first} of {} faults; {all:?}", all.servers[0]);
    assert!(20 * first >= 19 * all.servers[0], "{first} of {all:?}");
    assert!(all.precision() >= 87.5, "{all:?}");
}

/// Returns how the failures of a run look, and the facts that their bytes prove.
pub(crate) fn seen(report: &Report) -> KnownFault {
    let failed = Observed::of(report).failed;
    let facts = failed.values().filter_map(Symptom::fact);
    let shows = facts.map(str::to_owned).collect();
    let looks = failed.into_iter().map(|(id, symptom)| (id, symptom.shape));
    KnownFault {
        looks: looks.collect(),
        shows,
        ..KnownFault::default()
    }
}

/// Returns what the run of a fault has shown. Each failure counts as a wrong frame that looks as it did in the run.
fn observed(suite: &str, known: &KnownFault) -> Observed {
    let wrong = |id: &String| Symptom {
        kind: Some(FailureKind::Mismatch),
        shape: known.looks.get(id).cloned().unwrap_or_default(),
        hint: known.shows.first().cloned(),
        ..Symptom::default()
    };
    let all = &crate::suite(suite).scenarios;
    let ids = all.iter().map(|scenario| scenario.id.clone());
    let is_judged = |id: &String| !known.fails.contains(id) && !known.hides.contains(id);
    Observed {
        failed: known
            .fails
            .iter()
            .map(|id| (id.clone(), wrong(id)))
            .collect(),
        held: ids.filter(is_judged).collect(),
        unjudged: known.hides.iter().map(|id| (id.clone(), None)).collect(),
    }
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

/// The file contains runs against servers with two or three faults, as the example `accuracy` writes them, but without the
/// cases that did not fail.
#[test]
fn several_faults_of_one_server_are_named_together() {
    let mut plays: Vec<Play> = include_str!("plays.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut all = Accuracy::default();
    for play in &mut plays {
        let ids = crate::suite(&play.suite).scenarios.iter();
        let Observed {
            failed, unjudged, ..
        } = &play.observed;
        let held = ids.filter(|it| !failed.contains_key(&it.id) && !unjudged.contains_key(&it.id));
        play.observed.held = held.map(|scenario| scenario.id.clone()).collect();
        let atlas = Atlas::of(&play.suite).unwrap();
        let accuracy = judge_plays(&atlas, [&*play]);
        for index in 0..3 {
            all.servers[index] += accuracy.servers[index];
            all.complete[index] += accuracy.complete[index];
        }
        all.named += accuracy.named;
        all.right += accuracy.right;
    }
    let [_, pairs, triples] = all.servers;
    assert!(pairs >= 10 && triples >= 10, "{all:?}");
    assert!(all.percent(2) >= 80.0, "{all:?}");
    assert!(all.percent(3) >= 65.0, "{all:?}");
    assert!(all.precision() >= 85.0, "{all:?}");
}
