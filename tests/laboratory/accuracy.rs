//! Measures the diagnosis with servers that have one, two or three faults.
//!
//! `cargo run --release --example accuracy -- play SEED NUMBER [SUITE] > plays.jsonl` plays the suites against NUMBER random
//! pairs and NUMBER random triples of faults of each suite, and against each single fault. It writes one line for each
//! server.
//!
//! `... accuracy judge plays.jsonl` prints how often the diagnosis is right about these servers. `... accuracy learn
//! plays.jsonl OTHERS.jsonl` adds to each `faults.json` what these plays show about the single faults: a case fails because
//! of a fault if it failed in most of the plays and in the record so far, and only sometimes if it failed in fewer of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::diagnosis::{Accuracy, Atlas, KnownFault, Observed, Play, diagnose, judge_plays};
use conformance::run::{Options, run_suite};
use conformance::suite::Suite;
use matou_laboratory::{Specimen, faults, missing_packets};
use matou_server::net::{Engine, ProcessLimits};

/// Maximum number of servers that are judged at the same time.
const AT_ONCE: usize = 8;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["play", seed, number, ref suites @ ..] => play(
            seed.parse().expect("SEED is a number"),
            number.parse().expect("NUMBER is a number"),
            suites,
        ),
        ["judge", ref files @ ..] => judge(&read(files)),
        ["learn", ref files @ ..] => learn(&read(files)),
        _ => panic!("usage: accuracy play SEED NUMBER [SUITE] | judge FILE... | learn FILE..."),
    }
}

/// Plays the suites against the servers, and prints a line for each server.
fn play(seed: u64, number: usize, only: &[&str]) {
    let faults = specimens();
    let mut by_suite: BTreeMap<&str, Vec<&Specimen>> = BTreeMap::new();
    for fault in &faults {
        by_suite.entry(fault.suite).or_default().push(fault);
    }
    by_suite.retain(|suite, _| only.is_empty() || only.contains(suite));
    let suites: BTreeMap<&str, Suite> = by_suite
        .keys()
        .filter_map(|name| Some((*name, Suite::built_in(name)?)))
        .collect();
    let mut queue: Vec<Vec<&Specimen>> = Vec::new();
    for (suite, faults) in &by_suite {
        // Each suite has its own sequence, so that the choice of suites does not change the servers.
        let bytes = suite.bytes().map(u64::from);
        let mut random = Random(bytes.fold(seed, |sum, byte| sum.wrapping_mul(31) + byte));
        queue.extend(faults.iter().map(|fault| vec![*fault]));
        for size in [2, 3] {
            queue.extend((0..number).map(|_| random.choice(faults, size)));
        }
    }
    let next = AtomicUsize::new(0);
    let out = Mutex::new(std::io::stdout());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(chosen) = queue.get(index) else {
                        break;
                    };
                    let suite = &suites[chosen[0].suite];
                    let line = serde_json::to_string(&judged(suite, chosen)).expect("plain data");
                    let mut out = out.lock().expect("no other thread has panicked");
                    writeln!(out, "{line}").expect("the output takes the line");
                    eprint!("\r{} of {}", index + 1, queue.len());
                }
            });
        }
    });
    eprintln!();
}

/// Returns the faults of all protocols.
fn specimens() -> Vec<Specimen> {
    faults().into_iter().chain(missing_packets()).collect()
}

/// Judges a server with these faults.
fn judged(suite: &Suite, faults: &[&Specimen]) -> Play {
    let engine = Engine::start(&ProcessLimits::default());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (first, others) = faults.split_first().expect("at least one fault");
    let server = first.start_with(others, &engine, any).expect("it starts");
    let options = Options {
        scale: 0.25,
        jobs: 16,
        settings: server.settings.clone(),
        ..Options::default()
    };
    let report = run_suite(suite, server.address, &options).expect("the options are right");
    drop(server);
    engine.stop();
    Play {
        suite: first.suite.to_owned(),
        faults: faults.iter().map(|fault| fault.name.to_owned()).collect(),
        observed: Observed::of(&report),
    }
}

/// A small random number generator: the same seed gives the same servers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Chooses some of these items, in their order.
    fn choice<'a>(&mut self, all: &[&'a Specimen], number: usize) -> Vec<&'a Specimen> {
        let mut left: Vec<usize> = (0..all.len()).collect();
        let mut chosen: Vec<usize> = (0..number)
            .map(|_| left.swap_remove(self.below(left.len())))
            .collect();
        chosen.sort_unstable();
        chosen.into_iter().map(|index| all[index]).collect()
    }
}

fn read(files: &[&str]) -> Vec<Play> {
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("the file exists"));
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let play = |line: &String| serde_json::from_str(line).expect("each line is a play");
    lines.iter().map(play).collect()
}

/// Prints how often the diagnosis is right.
fn judge(plays: &[Play]) {
    println!(
        "| suite | one fault first | two among the first three | three among the first five | causes that are right |"
    );
    println!("|---|---|---|---|---|");
    let suites: BTreeSet<&str> = plays.iter().map(|play| play.suite.as_str()).collect();
    for suite in suites {
        let mut atlas = recorded(suite);
        if let Some(base) = &atlas.also {
            atlas.faults.extend(recorded(base).faults);
        }
        let of_suite = || plays.iter().filter(|play| play.suite == suite);
        of_suite().for_each(|play| tell_misses(&atlas, play));
        let accuracy = judge_plays(&atlas, of_suite());
        let Accuracy { servers, named, .. } = accuracy;
        let cell =
            |index: usize| format!("{:.0} % of {}", accuracy.percent(index + 1), servers[index]);
        println!(
            "| `{suite}` | {} | {} | {} | {:.0} % of {named} |",
            cell(0),
            cell(1),
            cell(2),
            accuracy.precision()
        );
    }
}

/// Prints to standard error which causes were named, if some were wrong or missing.
fn tell_misses(atlas: &Atlas, play: &Play) {
    let accuracy = judge_plays(atlas, [play]);
    if accuracy.complete != accuracy.servers || accuracy.right != accuracy.named {
        eprintln!("{} has {:?}", play.suite, play.faults);
        for cause in diagnose(atlas, &play.observed).causes {
            let (explains, unmet) = (cause.explains.len(), cause.contradicted_by.len());
            eprintln!("    {explains} -{unmet} {}", cause.in_words());
        }
    }
}

/// Reads the atlas of a suite as it is on the disk now.
fn recorded(suite: &str) -> Atlas {
    let text = std::fs::read_to_string(file_of(suite)).expect("the suite has an atlas");
    Atlas::read(&text).expect("it is an atlas")
}

fn file_of(suite: &str) -> PathBuf {
    let protocols = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/protocols");
    protocols.join(suite).join("faults.json")
}

/// Adds to each atlas what the plays show about the single faults.
fn learn(plays: &[Play]) {
    let suites: BTreeSet<&str> = plays.iter().map(|play| play.suite.as_str()).collect();
    let specimens = specimens();
    for suite in suites {
        let mut atlas = recorded(suite);
        let before = std::mem::take(&mut atlas.faults);
        for specimen in specimens.iter().filter(|it| it.suite == suite) {
            let is_own = |play: &&Play| play.suite == suite && play.faults == [specimen.name];
            let own = plays.iter().filter(is_own).map(|play| &play.observed);
            let known = before.iter().find(|known| known.does == specimen.name);
            let known = known.cloned().unwrap_or_else(|| KnownFault {
                does: specimen.name.to_owned(),
                breaks: specimen.breaks.to_owned(),
                ..KnownFault::default()
            });
            let own: Vec<&Observed> = own.collect();
            atlas.faults.push(learned(&known, &own));
        }
        atlas.faults.retain(|fault| !fault.fails.is_empty());
        std::fs::write(file_of(suite), atlas.text()).expect("the file can be written");
    }
}

/// Returns the fault with what these runs and the record so far show about it.
fn learned(fault: &KnownFault, runs: &[&Observed]) -> KnownFault {
    let mut failed: BTreeMap<&String, usize> = fault.fails.iter().map(|id| (id, 1)).collect();
    for id in runs.iter().flat_map(|run| run.failed.keys()) {
        *failed.entry(id).or_default() += 1;
    }
    let highest = failed.values().max().copied().unwrap_or_default();
    let recordings = runs.len() + usize::from(!fault.fails.is_empty());
    let most = |count: usize| count == highest || 2 * count > recordings;
    let hidden = runs.iter().flat_map(|run| run.unjudged.keys());
    let hidden = fault.hides.iter().chain(hidden).filter(|id| {
        let is_hidden = |run: &&Observed| run.unjudged.contains_key(*id);
        runs.iter().all(is_hidden)
    });
    let symptoms = || runs.iter().flat_map(|run| &run.failed);
    let mut facts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut looks: BTreeMap<&String, BTreeMap<&String, usize>> = BTreeMap::new();
    for (id, symptom) in symptoms() {
        *facts.entry(symptom.fact().unwrap_or_default()).or_default() += 1;
        *looks
            .entry(id)
            .or_default()
            .entry(&symptom.shape)
            .or_default() += 1;
    }
    let is_usual =
        |(fact, count): &(&str, usize)| !fact.is_empty() && 2 * count > symptoms().count();
    let usual_look = |(id, looks): (&String, BTreeMap<&String, usize>)| {
        let usual = looks.into_iter().max_by_key(|(_, count)| *count);
        usual.map(|(look, _)| (id.clone(), look.clone()))
    };
    let ids = |wanted: &dyn Fn(usize) -> bool| -> BTreeSet<String> {
        let found = failed.iter().filter(|(_, count)| wanted(**count));
        found.map(|(id, _)| (*id).clone()).collect()
    };
    KnownFault {
        fails: ids(&most),
        sometimes: ids(&|count| !most(count)),
        hides: hidden.cloned().collect(),
        shows: facts
            .into_iter()
            .filter(is_usual)
            .map(|(fact, _)| fact.to_owned())
            .collect(),
        looks: looks.into_iter().filter_map(usual_look).collect(),
        ..fault.clone()
    }
}
