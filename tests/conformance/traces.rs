//! The conversations that `conformance show --trace` shows: this file records them, and checks that they are still true.
//!
//! The runs of whole suites in this folder give their reports to [`check`]. It compares each conversation with the one in
//! `traces.txt` of the protocol. `TRACES_RECORD=1 cargo test --test conformance as_recorded` writes the files instead.
//!
//! # What must be equal
//!
//! For each lane, the sequence of what it sent, and the sequence of what it received: the packets, and the number of their
//! bytes. A case that does several things at the same time, or that waits for one of several events (`together`,
//! `any-order`, `either`, `eventually`), is not the same in each run. For such a case, the packets of all lanes together are
//! compared, without their order, and without the packets that an alternative sends or expects. It is enough that the run
//! with fewer packets has none that the other run lacks.
//!
//! These parts of a conversation differ from run to run, so they are not compared:
//!
//! - the order between what a lane sends and what it receives, and the order between lanes (a recording has what arrives on
//!   several lanes at the same time in the order of the lanes);
//! - names, identities, signatures and ids: a recording has others, see [`Names`];
//! - fences, which other lanes may receive after the end of the case;
//! - unasked packets, the ends of connections, and failed attempts of an `eventually`.
//!
//! A recording has no packets that no step of the case took: they arrive on a lane that has left the chat, or belong to
//! another case. Long cases and long payloads are cut.

mod compare;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use conformance::grammar::Choices;
use conformance::run::{Direction, Event, Options, Report, TcpSign};
use conformance::scenario::{Action, Scenario, walk};
use conformance::suite::Suite;
use conformance::trace::{FILE, Recorded, Recording};

use compare::Conversation;
use names::Names;

/// The environment variable that makes the tests write the files.
const RECORD: &str = "TRACES_RECORD";

/// What to do if a recording is not true any more.
const ADVICE: &str = "Record it again: TRACES_RECORD=1 cargo test --test conformance as_recorded";

/// If a conversation has this number of events, the report may lack its beginning, so it is not recorded.
const TOO_MANY: usize = 1000;

/// Most events of one case that are recorded.
const MOST_EVENTS: usize = 150;

/// Returns the options of a run whose report goes to [`check`]. A recording has a seed, so that the next recording of an
/// unchanged suite has the same tokens.
pub(crate) fn options() -> Options {
    Options {
        seed: is_recording().then_some(1),
        ..Options::default()
    }
}

fn is_recording() -> bool {
    std::env::var_os(RECORD).is_some()
}

/// Checks that the recording of the protocol has the conversations of this report, or records them. `also` is the protocol
/// that this one extends: its recording has the cases that both have.
pub(crate) fn check(report: &Report, also: Option<&str>) {
    let suite = Suite::built_in(&report.protocol).unwrap();
    let now = recording(&suite, report, also);
    if is_recording() {
        let protocols = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/protocols");
        let mut own = now;
        let folder = format!("{}/", suite.name);
        own.cases.retain(|case| {
            also.is_none() || suite.scenario(&case.id).unwrap().file.starts_with(&folder)
        });
        own.cases.iter_mut().for_each(shorten);
        std::fs::write(protocols.join(&suite.name).join(FILE), own.text()).unwrap();
        return;
    }
    // The file may leave out some bytes of an event, so this run is written and read, too, before the comparison.
    let now = Recording::read(&now.text()).unwrap();
    let was = Recording::of(&suite.name).unwrap_or_default();
    let differences: Vec<String> = now
        .cases
        .iter()
        .filter_map(|case| {
            let scenario = suite.scenario(&case.id)?;
            let Some((choices, recorded)) = was.find(&case.id) else {
                return Some(format!("{} is not recorded", case.id));
            };
            let before = Conversation::of(&suite, &choices, scenario, &recorded);
            let after = Conversation::of(&suite, &now.choices, scenario, case);
            let difference = before.difference(&after)?;
            Some(format!("{}: {difference}", case.id))
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{FILE} of {} is not true any more. {ADVICE}\n{}",
        suite.name,
        differences.join("\n")
    );
}

/// Returns the whole recording of this run.
fn recording(suite: &Suite, report: &Report, also: Option<&str>) -> Recording {
    let readings = report.readings.iter();
    let choices: Choices = readings
        .map(|reading| (reading.name.clone(), reading.choice.clone()))
        .collect();
    let cases = report.cases.iter().map(|outcome| {
        let scenario = suite.scenario(&outcome.id).unwrap();
        let id = outcome.id.clone();
        if outcome.conversation.len() >= TOO_MANY {
            return Recorded {
                id,
                lacking: Some(format!("its conversation has {TOO_MANY} events or more")),
                ..Recorded::default()
            };
        }
        Recorded {
            id,
            events: comparable(suite, &choices, scenario, &outcome.conversation),
            ..Recorded::default()
        }
    });
    Recording {
        also: also.map(str::to_owned),
        cases: cases.collect(),
        choices,
    }
}

/// Leaves out the last events of a long case.
fn shorten(case: &mut Recorded) {
    case.more = case.events.len().saturating_sub(MOST_EVENTS);
    case.events.truncate(MOST_EVENTS);
}

/// Returns the events that belong to the case, with the names of a recording.
fn comparable(
    suite: &Suite,
    choices: &Choices,
    scenario: &Scenario,
    events: &[Event],
) -> Vec<Event> {
    let names = Names::of(suite, choices, scenario, events);
    let repeated = repeated(scenario);
    let last: BTreeMap<&str, usize> = events
        .iter()
        .map(|event| (event.lane.as_str(), event.connection))
        .collect();
    let failed_attempt = |event: &&Event| {
        repeated.contains(event.lane.as_str()) && last[event.lane.as_str()] != event.connection
    };
    let mut left = BTreeSet::new();
    let mut kept = Vec::new();
    let is_own =
        |event: &&Event| !event.foreign && (event.taken || event.direction != Direction::Sees);
    for event in events.iter().filter(is_own) {
        // Whether the answer to the end of a lane arrives before the end of the case depends on time alone.
        let answer = event.direction == Direction::Ends && left.contains(&event.connection);
        if event.direction == Direction::Does && ends(event) {
            left.insert(event.connection);
        }
        if !answer && !failed_attempt(&event) {
            kept.push(names.replaced(event));
        }
    }
    sort_arrivals(&mut kept);
    kept
}

/// Sorts events that arrive on several lanes at the same time by their lanes: their order is different in each run.
fn sort_arrivals(events: &mut [Event]) {
    let mut lanes: Vec<String> = Vec::new();
    for event in events.iter() {
        if !lanes.contains(&event.lane) {
            lanes.push(event.lane.clone());
        }
    }
    let arrives = |event: &Event| matches!(event.direction, Direction::Sees | Direction::Ends);
    let runs = events.chunk_by_mut(|one, next| arrives(one) && arrives(next));
    // The sort is stable, so the order on each lane stays.
    runs.for_each(|run| run.sort_by_key(|event| lanes.iter().position(|lane| *lane == event.lane)));
}

fn ends(event: &Event) -> bool {
    matches!(event.tcp, Some(TcpSign::Fin | TcpSign::Rst))
}

/// Returns the lanes that an `eventually` may open several times.
fn repeated(scenario: &Scenario) -> BTreeSet<&str> {
    let mut lanes = BTreeSet::new();
    walk::every_step(&scenario.steps, &mut |step| {
        if let Action::Eventually { steps, .. } = &step.action {
            walk::every_step(steps, &mut |inner| {
                if let Action::Open(lane) = inner.action {
                    lanes.insert(scenario.lanes[lane.0].name.as_str());
                }
            });
        }
    });
    lanes
}
