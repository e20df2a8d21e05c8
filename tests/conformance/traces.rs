//! The recorded conversations that `conformance show --trace` shows. This file records them, and checks that the server
//! still behaves in the same way.
//!
//! The runs of whole suites in this folder give their reports to [`check`]. It compares each conversation with the one in
//! `traces.txt` of the protocol. `TRACES_RECORD=1 cargo test --test conformance as_recorded` writes the files instead.
//!
//! # What must be equal
//!
//! For each lane, two sequences must be the same in both runs: the packets that the lane sent, and the packets that it
//! received. The number of bytes of each packet must be the same, too. Some cases differ from run to run: they do several
//! things at the same time, or wait for one of several events (`together`, `any-order`, `either`, `eventually`). For such a
//! case, the packets of all lanes together are compared, in any order. The packets that an alternative sends or expects are
//! left out. The run with more packets must contain all packets of the other run.
//!
//! These parts of a conversation differ from run to run, so they are not compared:
//!
//! - the order between the packets that a lane sends and those that it receives, and the order between lanes (if packets
//!   arrive on several lanes at the same time, a recording has them in the order of the lanes);
//! - names, identities, signatures and ids, which a recording replaces (see [`Names`]);
//! - fences, which other lanes may receive after the end of the case;
//! - unasked packets, the ends of connections, and failed attempts of an `eventually`.
//!
//! A recording leaves out packets that no step of the case used. Such packets arrive on a lane that has left the chat, or
//! belong to another case. A recording has only the beginning of a long case or a long payload.

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

/// What to do if a recording no longer shows what the server does.
const ADVICE: &str = "Record it again: TRACES_RECORD=1 cargo test --test conformance as_recorded";

/// A conversation with this number of events or more is not recorded, because the report may lack its beginning.
const TOO_MANY: usize = 1000;

/// Maximum number of events that are recorded for one case.
const MOST_EVENTS: usize = 150;

/// Returns the options of a run whose report goes to [`check`]. A recording uses a fixed seed. So if the suite has not
/// changed, the next recording has the same random values.
pub(crate) fn options() -> Options {
    Options {
        seed: is_recording().then_some(1),
        ..Options::default()
    }
}

fn is_recording() -> bool {
    std::env::var_os(RECORD).is_some()
}

/// Checks that the recording of the protocol has the conversations of this report, or writes the recording. If this protocol
/// extends another one, `also` is the other protocol. Cases that both protocols have are in the recording of the other
/// protocol.
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
    // The file may leave out some bytes of an event. So this run is also written as such a file and read back. Then both
    // leave out the same bytes, and can be compared.
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

/// Returns the recording that consists of the conversations of this run.
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

/// Returns the events that belong to the case. In these events, the names are replaced as in a recording.
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
        // After a lane has ended its connection, the server ends it too. This answer is left out, because chance decides
        // whether it arrives before or after the end of the case.
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

/// If events arrive on several lanes at the same time, their order can differ from run to run. So this function sorts such
/// events by lane.
fn sort_arrivals(events: &mut [Event]) {
    let mut lanes: Vec<String> = Vec::new();
    for event in events.iter() {
        if !lanes.contains(&event.lane) {
            lanes.push(event.lane.clone());
        }
    }
    let arrives = |event: &Event| matches!(event.direction, Direction::Sees | Direction::Ends);
    let runs = events.chunk_by_mut(|one, next| arrives(one) && arrives(next));
    // The sort is stable, so the events of each lane keep their order.
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
