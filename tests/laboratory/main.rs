//! The crate `matou-laboratory` contains servers, each of which has one fault. Each fault has a name. The suite must catch
//! each fault: at least one case must fail and cite the requirement that the fault violates. `tests/conformance` checks that
//! the suite finds no fault in the shipped server.
//!
//! `LABORATORY=WORDS cargo test --test laboratory -- --nocapture` judges only the faults whose name contains WORDS, or whose
//! suite has the name WORDS. It prints the cases that fail, and the reasons. `LABORATORY_RECORD=1 cargo test --test
//! laboratory` writes a file `faults.json` beside each `spec.md`. For each fault, this file lists the cases that fail
//! because of the fault. The diagnosis reads the file.

mod atlas;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock};

use conformance::diagnosis::{Atlas, KnownFault};
use conformance::grammar::{Grammar, PacketId};
use conformance::run::{Options, Outcome, Report, Verdict, run_suite};
use conformance::scenario::{Action, Incoming, Outgoing, Piece, Step, walk};
use conformance::suite::{Level, Suite};
use matou_laboratory::{Specimen, chatos_groupe2, faults};
use matou_server::net::{Engine, ProcessLimits};

/// Maximum number of faults that are judged at the same time. It may be larger than the number of processors, because most
/// of the time a run only waits, to see that certain packets do not arrive.
const AT_ONCE: usize = 12;

/// Sorts the faults by the number of cases that fail because of them, from the lowest to the highest number. The suite runs
/// each failed case again, so the last faults in this order take longest; they are judged first. If the longest run began
/// last, the test would wait at its end for this single run.
fn longest_last(faults: &[Specimen]) -> Vec<&Specimen> {
    let atlases: BTreeMap<_, _> = Suite::built_in_names()
        .into_iter()
        .map(|name| (name, Atlas::of(name).unwrap_or_default()))
        .collect();
    let mut sorted: Vec<_> = faults.iter().collect();
    sorted.sort_by_cached_key(|fault| {
        let known = atlases[fault.suite].faults.iter();
        let cases = known
            .filter(|known| known.does == fault.name)
            .map(|known| known.fails.len() + known.hides.len());
        cases.sum::<usize>()
    });
    sorted
}

/// Returns the suite with this name. Each suite is read only once, because reading it takes as much processor time as a run.
fn suite(name: &str) -> &'static Suite {
    static SUITES: OnceLock<Vec<Suite>> = OnceLock::new();
    let suites = SUITES.get_or_init(|| {
        let names = Suite::built_in_names().into_iter();
        names.filter_map(Suite::built_in).collect()
    });
    let found = suites.iter().find(|suite| suite.grammar.name == name);
    found.expect("the suite of a fault is built in")
}

fn judge(suite: &Suite, fault: &Specimen) -> Report {
    let options = Options {
        // The servers are on this machine. So if a packet has not arrived after half a second, it will not arrive.
        scale: 0.25,
        jobs: 16,
        ..Options::default()
    };
    judge_with(suite, fault, options)
}

/// Judges the fault with the usual time limits of the suite.
fn judge_without_haste(suite: &Suite, fault: &Specimen) -> Report {
    judge_with(suite, fault, Options::default())
}

/// Returns whether the target also fails this case when the case runs alone and with the usual time limits. In the first run,
/// the target may have been too slow, because many servers share this machine.
fn blames_without_haste(suite: &Suite, fault: &Specimen, id: &str) -> bool {
    let options = Options {
        only: vec![id.to_owned()],
        ..Options::default()
    };
    let report = judge_with(suite, fault, options);
    blamed(&report).iter().any(|case| case.id == id)
}

fn judge_with(suite: &Suite, fault: &Specimen, options: Options) -> Report {
    let engine = Engine::start(&ProcessLimits::default());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = fault.start(&engine, any).unwrap();
    let options = Options {
        settings: server.settings.clone(),
        ..options
    };
    let report = run_suite(suite, server.address, &options).unwrap();
    drop(server);
    engine.stop();
    report
}

/// Returns the cases that the target has failed. They do not include cases that could not be judged because another case
/// failed.
fn blamed(report: &Report) -> Vec<&Outcome> {
    let blames = |case: &&Outcome| matches!(case.verdict, Verdict::Fail | Verdict::NonStrict);
    report.cases.iter().filter(blames).collect()
}

/// Returns whether the case sends or expects one of the packets that the fault affects. If the fault does not say which
/// packets it affects, returns true for every case.
fn depends_on(suite: &Suite, id: &str, fault: &Specimen) -> bool {
    let touched: Vec<_> = fault
        .touches
        .iter()
        .filter_map(|name| suite.grammar.packet_named(name))
        .collect();
    let scenario = suite.scenario(id).expect("the suite has its own cases");
    let mut used = packets(&scenario.steps);
    if proves_silence(&scenario.steps) {
        used.extend(own_fence(&suite.grammar));
    }
    fault.touches.is_empty() || used.iter().any(|packet| touched.contains(packet))
}

/// Returns the packets of the fence, if the fence is an exchange between one lane and the server. If the server does not
/// answer such a fence, other packets arrive on the lane while it waits, for example a PING.
fn own_fence(grammar: &Grammar) -> Vec<PacketId> {
    let fence = grammar.fence.as_ref().filter(|fence| fence.is_own());
    let steps = fence.map(|fence| fence.steps.as_slice());
    steps
        .unwrap_or_default()
        .iter()
        .map(|step| step.packet)
        .collect()
}

fn proves_silence(steps: &[Step]) -> bool {
    let mut proves = false;
    walk::every_step(steps, &mut |step| {
        proves |= matches!(
            step.action,
            Action::Expect {
                what: Incoming::Silence { .. },
                within: None,
                ..
            }
        );
    });
    proves
}

/// Returns the packets that the steps send or expect, including the packets in alternatives.
fn packets(steps: &[Step]) -> Vec<PacketId> {
    let of_step = |step: &Step| match &step.action {
        Action::Send { what, .. } => what.iter().filter_map(sent).collect(),
        Action::Expect {
            what: Incoming::Frame(pattern),
            ..
        } => vec![pattern.packet],
        Action::AnyOrder { frames, .. } => frames.iter().map(|frame| frame.packet).collect(),
        Action::Together(lanes) => lanes.iter().flat_map(|lane| packets(lane)).collect(),
        Action::Either(branches) => branches
            .iter()
            .flat_map(|branch| packets(&branch.steps))
            .collect(),
        Action::When { steps, .. } | Action::Eventually { steps, .. } => packets(steps),
        _ => Vec::new(),
    };
    steps.iter().flat_map(of_step).collect()
}

fn sent(what: &Outgoing) -> Option<PacketId> {
    match what {
        Outgoing::Packet { packet, .. } => Some(*packet),
        Outgoing::Raw(pieces) | Outgoing::Framed(pieces) => {
            pieces.iter().find_map(|piece| match piece {
                Piece::Opcode(packet) => Some(*packet),
                _ => None,
            })
        }
        Outgoing::Random { .. } => None,
    }
}

fn caught(fault: &Specimen, suite: &Suite, report: &Report) -> Result<KnownFault, String> {
    let requirement = suite
        .requirements
        .iter()
        .find(|requirement| requirement.id == fault.breaks)
        .ok_or_else(|| format!("there is no requirement {}", fault.breaks))?;
    let blamed = blamed(report);
    if std::env::var("LABORATORY")
        .is_ok_and(|words| fault.name.contains(&words) || fault.suite == words)
    {
        println!("{} {}", fault.breaks, fault.name);
        for case in &blamed {
            println!("    {} {}: {:?}", case.verdict, case.id, case.failure);
        }
    }
    let told = || {
        let lines: Vec<_> = report
            .cases
            .iter()
            .filter(|case| case.verdict != Verdict::Pass)
            .map(|case| format!("  {} {}", case.verdict, case.id))
            .collect();
        format!("{:?}\n{}", report.unjudgeable, lines.join("\n"))
    };
    if requirement.level == Level::Must && report.exit_code() != 1 {
        return Err(format!(
            "the exit code is {}, not 1\n{}",
            report.exit_code(),
            told()
        ));
    }
    let cites = |case: &&Outcome| case.requirements.iter().any(|id| id == fault.breaks);
    if !blamed.iter().any(cites) {
        return Err(format!(
            "no case that fails cites {}\n{}",
            fault.breaks,
            told()
        ));
    }
    let unjust = blamed
        .iter()
        .filter(|case| !cites(case) && !depends_on(suite, &case.id, fault))
        .find(|case| blames_without_haste(suite, fault, &case.id));
    match unjust {
        Some(case) => Err(format!(
            "{} blames the server, but has none of the packets that the fault touches",
            case.id
        )),
        None => Ok(known(fault, report)),
    }
}

fn known(fault: &Specimen, report: &Report) -> KnownFault {
    let ids = |verdicts: &[Verdict]| {
        let cases = report.cases.iter();
        let found = cases.filter(|case| verdicts.contains(&case.verdict));
        found.map(|case| case.id.clone()).collect()
    };
    KnownFault {
        does: fault.name.to_owned(),
        breaks: fault.breaks.to_owned(),
        fails: ids(&[Verdict::Fail, Verdict::NonStrict]),
        hides: ids(&[Verdict::Inconclusive]),
        ..atlas::seen(report)
    }
}

/// Each fault needs a run of the whole suite. So a single test judges all faults, several of them at the same time. If a fault
/// is not caught, the machine may have been too busy. So it is judged again at the end, when nothing else runs.
#[test]
fn every_fault_is_caught_by_a_case_that_cites_what_it_breaks() {
    let mut faults = faults();
    if let Ok(words) = std::env::var("LABORATORY") {
        faults.retain(|fault| fault.name.contains(&words) || fault.suite == words);
    }
    let queue = Mutex::new(longest_last(&faults));
    let next = || queue.lock().unwrap().pop();
    let doubtful = Mutex::new(Vec::new());
    let caught_by = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(fault) = next() {
                    let suite = suite(fault.suite);
                    match caught(fault, suite, &judge(suite, fault)) {
                        Ok(known) => caught_by.lock().unwrap().push((fault.suite, known)),
                        Err(why) => {
                            println!("the server {}: {why}", fault.name);
                            doubtful.lock().unwrap().push(fault);
                        }
                    }
                }
            });
        }
    });
    let mut caught_by = caught_by.into_inner().unwrap();
    let mut missed = Vec::new();
    for fault in doubtful.into_inner().unwrap() {
        let suite = suite(fault.suite);
        let again = caught(fault, suite, &judge(suite, fault));
        match again.or_else(|_| caught(fault, suite, &judge_without_haste(suite, fault))) {
            Ok(known) => caught_by.push((fault.suite, known)),
            Err(why) => missed.push(format!("the server {}: {why}", fault.name)),
        }
    }
    assert!(missed.is_empty(), "not caught:\n{}", missed.join("\n"));
    if std::env::var_os("LABORATORY_RECORD").is_some() {
        atlas::write(&faults, caught_by);
    } else {
        atlas::compare(&caught_by);
        atlas::guess(&caught_by);
    }
}

/// For each MUST there is at least one fault that violates it. If a protocol extends another one, the faults of the other
/// protocol also count for the requirements that it inherits.
#[test]
fn every_must_is_broken_by_a_fault() {
    let faults = faults();
    let suites: BTreeSet<&str> = faults.iter().map(|fault| fault.suite).collect();
    let unbroken: Vec<_> = suites
        .into_iter()
        .flat_map(|name| &suite(name).requirements)
        .filter(|requirement| requirement.level == Level::Must)
        .filter(|requirement| !faults.iter().any(|fault| fault.breaks == requirement.id))
        .map(|requirement| &requirement.id)
        .collect();
    assert!(unbroken.is_empty(), "no fault breaks {unbroken:?}");
}

/// The document of ChatOS Groupe 2 contradicts itself about two opcodes. A server that follows the document's table
/// conforms, and the report says that this server follows the table.
#[test]
fn a_server_that_follows_the_table_of_groupe2_conforms_in_that_reading() {
    let server = chatos_groupe2::by_the_table();
    let mut report = judge(suite(server.suite), &server);
    if !blamed(&report).is_empty() {
        // In the first run, the server may have been too slow because many servers share this machine.
        report = judge_without_haste(suite(server.suite), &server);
    }
    let wrong: Vec<_> = blamed(&report).iter().map(|case| &case.id).collect();
    assert_eq!(wrong, Vec::<&String>::new());
    let found = report.readings.iter().find(|it| it.name == "opcodes");
    let opcodes = found.map(|reading| (&*reading.choice, reading.proved));
    assert_eq!(opcodes, Some(("table", true)));
}
