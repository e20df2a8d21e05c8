//! The effects of a case on a target that the runner started: did it end, does it still answer, has it come to rest?

use std::time::{Duration, Instant};

use crate::evidence::{Failure, FailureKind, Incident, IncidentKind, Played};
use crate::explain;
use crate::play::shared::Shared;
use crate::spawn::{Observation, Process};

use super::contact;
use super::host::Stay;

/// A process that closes everything because it is about to end has ended by then.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// How long the runner waits for the end of the process, where a case failed beside others.
const DYING: Duration = Duration::from_millis(300);

/// How long a target may take to release what its clients used, apart from their connections.
const SETTLING: Duration = Duration::from_millis(500);

/// The pause between two observations of the target.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The number of observations, and the pause between them, before a target counts as busy. An idle one is asleep in
/// some of them.
const LOOKS: usize = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// The observations look at one thread after the other, so two threads that take turns may each be seen asleep. Only
/// more sleeping observations than this number plus half of all count as rest.
const MISTAKES: usize = 2;

/// Processor time that the target must have used between the observations, in hundredths of a second.
const WORK: u64 = 30;

/// On a busy machine that takes a while, but the runner waits no longer than this.
const WORK_BOUND: Duration = Duration::from_secs(30);

/// The company in which a case was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// The case had the process for itself.
    NoOther,
    /// Other cases used the process too. Only its end is noticed, and another case may have caused it.
    Others,
}

/// Notes the effects of a case on the target. Each effect is a separate finding. `replay` plays the case once more.
pub(crate) fn inspect(
    shared: &Shared<'_>,
    stay: &Stay,
    played: &mut Played,
    beside: Beside,
    replay: &dyn Fn(),
) {
    let Some(process) = &stay.process else {
        return;
    };
    if let Some(end) = end_of(shared, stay, process, beside, played.failure.is_some()) {
        played.failure = Some(Failure::of_target(
            end.failure_kind(),
            &end.text,
            played.failure.take(),
        ));
        played.incidents.push(end);
    } else if beside == Beside::NoOther && !shared.is_over() {
        played
            .incidents
            .extend(unrest(shared, stay, process, replay));
    }
    played.output = Some(process.log().since(stay.mark));
}

/// Returns why a target that the runner started did not answer the first login, if the reason is that it ended.
pub(crate) fn end_of_contact(stay: &Stay) -> Option<String> {
    let process = stay.process.as_ref()?;
    let end = process.end_by(Instant::now() + LAST_BREATH)?;
    let output = process.log().since(stay.mark);
    Some(format!(
        "it ended at the first login, with {end}; its output:\n{}",
        output.trim_end()
    ))
}

impl Incident {
    fn failure_kind(&self) -> FailureKind {
        match self.kind {
            IncidentKind::Hang => FailureKind::TargetHangs,
            _ => FailureKind::TargetDied,
        }
    }
}

fn end_of(
    shared: &Shared<'_>,
    stay: &Stay,
    process: &Process,
    beside: Beside,
    failed: bool,
) -> Option<Incident> {
    let crash = |end: String| Incident {
        kind: IncidentKind::Crash,
        text: format!("the process ended, with {end}"),
    };
    if beside == Beside::Others {
        let dying = if failed { DYING } else { Duration::ZERO };
        return process.end_by(Instant::now() + dying).map(crash);
    }
    if let Some(end) = process.end() {
        return Some(crash(end));
    }
    let met = contact::establish(shared, stay.address).err()?;
    if shared.is_over() {
        // The case waited for less than an answer may take.
        return None;
    }
    let until = Instant::now() + LAST_BREATH;
    Some(match process.end_by(until) {
        Some(end) => crash(end),
        None => Incident {
            kind: IncidentKind::Hang,
            text: format!(
                "the process is alive, but no longer serves clients: {}",
                contact::in_words(stay.address, &met)
            ),
        },
    })
}

/// Returns what does not come to rest, though all clients have left.
fn unrest(shared: &Shared<'_>, stay: &Stay, process: &Process, replay: &dyn Fn()) -> Vec<Incident> {
    let mut incidents = Vec::new();
    let Some(before) = stay.before else {
        return incidents;
    };
    let Some(rest) = settled(shared, process, before) else {
        return incidents;
    };
    let held = rest.connections.saturating_sub(before.connections);
    if held > 0 {
        incidents.push(Incident {
            kind: IncidentKind::Descriptors,
            text: format!("all clients have left, but {held} of their connections are still open"),
        });
    }
    incidents.extend(busy(process));
    if incidents.is_empty()
        && (rest.threads > before.threads || rest.descriptors > before.descriptors)
    {
        // Many servers allocate something the first time and keep it. Only what grows again counts as a leak.
        replay();
        if let Some(again) = settled(shared, process, rest) {
            incidents.extend(growth(before, rest, again));
        }
    }
    incidents
}

/// Returns what grew after the case, and grew again after its repetition.
fn growth(before: Observation, rest: Observation, again: Observation) -> Vec<Incident> {
    let kinds = [
        (
            IncidentKind::Threads,
            "thread",
            [before.threads, rest.threads, again.threads],
        ),
        (
            IncidentKind::Descriptors,
            "descriptor",
            [before.descriptors, rest.descriptors, again.descriptors],
        ),
    ];
    kinds
        .into_iter()
        .filter(|(.., [before, rest, again])| before < rest && rest < again)
        .map(|(kind, noun, [_, rest, again])| Incident {
            kind,
            text: format!(
                "each time all clients have left, the process has {} more",
                explain::count(again - rest, noun)
            ),
        })
        .collect()
}

/// Returns the state in which the target comes to rest, or its last state within the bounds.
fn settled(shared: &Shared<'_>, process: &Process, before: Observation) -> Option<Observation> {
    let began = Instant::now();
    let all_of_it = began + SETTLING;
    let connections = shared.at_latest(began + shared.bounds.wait(None));
    loop {
        let seen = process.observe(Some(before))?;
        let has_let_go = seen.connections <= before.connections;
        let is_as_before = seen.threads <= before.threads && seen.descriptors <= before.descriptors;
        let now = Instant::now();
        let is_at_rest = has_let_go && (is_as_before || now >= all_of_it);
        if is_at_rest || now >= connections || shared.is_over() {
            return Some(seen);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Returns an incident if the target works though no client is connected: in the observations, one of its threads runs
/// or is ready to run. The first observations of an idle target already show its threads asleep.
fn busy(process: &Process) -> Option<Incident> {
    let began = Instant::now();
    let members = process.members()?;
    let before = members.work()?.processor;
    let mut asleep = 0;
    for look in 1.. {
        std::thread::sleep(BETWEEN_LOOKS);
        let seen = members.work()?;
        asleep += usize::from(seen.running == 0);
        if asleep > MISTAKES + look / 2 || began.elapsed() > WORK_BOUND {
            return None;
        }
        let used = seen.processor.saturating_sub(before);
        if look >= LOOKS && used >= WORK {
            return Some(Incident {
                kind: IncidentKind::Busy,
                text: format!(
                    "no client is connected, but it used {:.1} s of processor time in {:.1} s",
                    used as f64 / 100.0,
                    began.elapsed().as_secs_f64()
                ),
            });
        }
    }
    None
}
