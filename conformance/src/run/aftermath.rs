//! What a case did to a target that the runner started: did it end, does it still answer, has it come to rest?

use std::time::{Duration, Instant};

use crate::spawn::{Observation, Process};

use super::contact;
use super::describe;
use super::failure::{Failure, FailureKind};
use super::host::Stay;
use super::incident::{Incident, IncidentKind};
use super::interpreter::Played;
use super::shared::Run;

/// A process that closes everything and is about to end has ended by then.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// So long a target may take to let go of what its clients had, but for their connections.
const SETTLING: Duration = Duration::from_millis(500);

/// Between two looks at what it has.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// In so short a time a process that does nothing has used no processor time, as the system counts it.
const GLANCE: Duration = Duration::from_millis(30);

/// Who works in each of so many spans of this length, without a client, is busy for nothing.
const SPANS: usize = 10;
const SPAN: Duration = Duration::from_millis(100);

/// Hundredths of a second in a span that count as work. A machine with much to do leaves a busy target little.
const WORK: u64 = 2;

/// In whose company a case was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// The process was its own meanwhile.
    Nobody,
    /// Others used the process, too: only its end is noticed, and may be another's doing.
    Others,
}

/// Notes what became of the target. Whatever it is, it is a finding of its own. `replay` plays the case once more.
pub(super) fn inspect(
    run: &Run<'_>,
    stay: &Stay,
    played: &mut Played,
    beside: Beside,
    replay: &dyn Fn(),
) {
    let Some(process) = &stay.process else {
        return;
    };
    if let Some(end) = end_of(run, stay, process, beside) {
        played.failure = Some(Failure::of_target(
            end.failure_kind(),
            &end.text,
            played.failure.take(),
        ));
        played.incidents.push(end);
    } else if beside == Beside::Nobody {
        played.incidents.extend(unrest(run, stay, process, replay));
    }
    played.output = Some(process.log().since(stay.mark));
    if !played.incidents.is_empty() && beside == Beside::Nobody {
        // The next case is not to pay for it.
        run.host.renew();
    }
}

/// Why a target that the runner started gave no answer to the very first login, if it is because it ended.
pub(super) fn end_of_contact(stay: &Stay) -> Option<String> {
    let process = stay.process.as_ref()?;
    let end = process.end_by(Instant::now() + LAST_BREATH)?;
    let output = process.log().since(stay.mark);
    Some(format!(
        "it ended at the first login, with {end}; it wrote:\n{}",
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

fn end_of(run: &Run<'_>, stay: &Stay, process: &Process, beside: Beside) -> Option<Incident> {
    let crash = |end: String| Incident {
        kind: IncidentKind::Crash,
        text: format!("the process ended, with {end}"),
    };
    if let Some(end) = process.end() {
        return Some(crash(end));
    }
    if beside == Beside::Others {
        return None;
    }
    let met = contact::establish(run, stay.address).err()?;
    let until = Instant::now() + LAST_BREATH;
    Some(match process.end_by(until) {
        Some(end) => crash(end),
        None => Incident {
            kind: IncidentKind::Hang,
            text: format!(
                "the process lives, but serves nobody any more: {}",
                contact::in_words(stay.address, &met)
            ),
        },
    })
}

/// What does not come to rest, though all clients have left.
fn unrest(run: &Run<'_>, stay: &Stay, process: &Process, replay: &dyn Fn()) -> Vec<Incident> {
    let mut incidents = Vec::new();
    let Some(before) = stay.before else {
        return incidents;
    };
    let Some(rest) = settled(run, process, before) else {
        return incidents;
    };
    let held = rest.connections.saturating_sub(before.connections);
    if held > 0 {
        incidents.push(Incident {
            kind: IncidentKind::Descriptors,
            text: format!("all clients have left, and it still holds {held} of their connections"),
        });
    }
    incidents.extend(busy(process));
    if incidents.is_empty()
        && (rest.threads > before.threads || rest.descriptors > before.descriptors)
    {
        // Many servers take something the first time and keep it for the next: only what grows again is left behind.
        replay();
        if let Some(again) = settled(run, process, rest) {
            incidents.extend(growth(before, rest, again));
        }
    }
    incidents
}

/// What was more after the case, and once more after its repetition.
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
                "each time all clients have left, {} more stay behind",
                describe::count(again - rest, noun)
            ),
        })
        .collect()
}

/// The state in which it comes to rest, or the last one within the bounds.
fn settled(run: &Run<'_>, process: &Process, before: Observation) -> Option<Observation> {
    let began = Instant::now();
    let all_of_it = began + SETTLING;
    let connections = began + run.bounds.wait(None);
    loop {
        let seen = process.observe()?;
        let has_let_go = seen.connections <= before.connections;
        let is_as_before = seen.threads <= before.threads && seen.descriptors <= before.descriptors;
        let now = Instant::now();
        if (has_let_go && (is_as_before || now >= all_of_it)) || now >= connections {
            return Some(seen);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Whether it uses processor time for nobody. A first look is short; one who seems busy is looked at for a second.
fn busy(process: &Process) -> Option<Incident> {
    let used = |span: Duration| {
        let before = process.observe()?.processor;
        std::thread::sleep(span);
        Some(process.observe()?.processor.saturating_sub(before))
    };
    if used(GLANCE)? == 0 {
        return None;
    }
    let mut sum = 0;
    for _ in 0..SPANS {
        let work = used(SPAN)?;
        if work < WORK {
            return None;
        }
        sum += work;
    }
    let seconds = SPAN.as_secs_f64() * SPANS as f64;
    Some(Incident {
        kind: IncidentKind::Busy,
        text: format!(
            "nobody is connected, and it uses {:.1} s of processor time in {seconds:.0} s",
            sum as f64 / 100.0
        ),
    })
}
