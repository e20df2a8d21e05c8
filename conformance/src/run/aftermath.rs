//! Finds the effects of a case on a target that the runner started. Did the process end? Does it still answer? Has it
//! released what the clients used?

use std::time::{Duration, Instant};

use crate::evidence::{Direction, Failure, FailureKind, Incident, IncidentKind, Played};
use crate::explain;
use crate::play::shared::Shared;
use crate::spawn::{Observation, Process};

use super::contact;
use super::host::Stay;

/// How long the runner waits for the end of a process that no longer answers. If a process closes its connections because it
/// ends, it has ended within this time.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// How long the runner waits, after a case has failed while other cases ran, to see whether the process of the target ends.
const DYING: Duration = Duration::from_millis(300);

/// How long a target may take to release the threads and descriptors that its clients used. The clients' connections have a
/// longer limit.
const SETTLING: Duration = Duration::from_millis(500);

/// How often a case is played before threads and descriptors that stay open count as a leak.
const PLAYS: usize = 3;

/// The pause between two observations of the target.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The minimum number of observations before a target counts as busy. An idle target is asleep in at least some of this many
/// observations.
const LOOKS: usize = 10;

/// The pause between two observations of whether the target is busy.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// An observation looks at one thread after the other. So two threads that take turns to work may both seem to be asleep.
/// Therefore a target counts as idle only if it was asleep more often than this number plus half the number of observations.
const MISTAKES: usize = 2;

/// The pause between two series of these observations. Only a target that is busy in both of them is reported.
const CALMING_DOWN: Duration = Duration::from_secs(1);

/// Processor time that the target must have used between the observations, in hundredths of a second.
const WORK: u64 = 30;

/// Time limit of these observations. On a busy machine it may take long until a target has used that much processor time.
const WORK_BOUND: Duration = Duration::from_secs(30);

/// Whether other cases used the process of the target at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// No other case used the process.
    NoOther,
    /// Other cases used the process too. Then only the end of the process is noticed, and another case may have caused it.
    Others,
}

/// Notes the effects of a case on the target. Each effect becomes an incident. `replay` plays the case once more.
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
        let failure = match played.failure.take() {
            Some(seen) => Failure::of_target(end.failure_kind(), &end.text, Some(seen)),
            None => after_all_steps(&end, played, &process.log().since(stay.mark)),
        };
        played.failure = Some(failure);
        played.incidents.push(end);
    } else if beside == Beside::NoOther && !shared.is_over() {
        played
            .incidents
            .extend(unrest(shared, stay, process, replay));
    }
    played.output = Some(process.log().since(stay.mark));
}

/// If the runner started the target and the target ended at the first login, returns how it ended; otherwise `None`.
pub(crate) fn end_of_contact(stay: &Stay) -> Option<String> {
    let process = stay.process.as_ref()?;
    let end = process.end_by(Instant::now() + LAST_BREATH)?;
    let output = process.log().since(stay.mark);
    Some(format!(
        "the target ended at the first login, with {end}; its output:\n{}",
        output.trim_end()
    ))
}

/// Returns the failure for a target that ended although every step of the case was fulfilled. If no connection had ended
/// before the clients left, the target ended because they left.
fn after_all_steps(end: &Incident, played: &Played, output: &str) -> Failure {
    let got = format!("every step of the case was fulfilled, but {}", end.text);
    let mut failure = Failure::of_target(end.failure_kind(), &got, None);
    let mut events = played.conversation.iter();
    if !events.any(|event| event.direction == Direction::Ends) {
        failure.at_teardown = Some(format!("{} {}", end.text, complaint(output)));
    }
    failure
}

/// Returns what the last line of the output complains about, without the details: such lines begin with the name of an error.
/// The lines of a stack trace are indented.
fn complaint(output: &str) -> &str {
    let mut lines = output.lines().rev();
    let line = lines.find(|line| !line.trim().is_empty() && !line.starts_with([' ', '\t']));
    let head = line.and_then(|line| line.split(':').next());
    head.unwrap_or_default()
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
        // The end of the run cut the login short, so the missing answer proves nothing.
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

/// Returns what the target has not released although all clients have left, and whether it is busy.
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
            text: format!(
                "all clients have left, but some of their connections are still open: {held}"
            ),
        });
    }
    incidents.extend(busy(process));
    if incidents.is_empty() {
        incidents.extend(growth(shared, process, [before, rest], replay));
    }
    incidents
}

/// Returns an incident for threads or descriptors if their number grows each time the case is played.
///
/// Many servers allocate something the first time that they need it, and keep it. On a busy machine, a thread that is
/// about to end may still be counted. So one observation proves nothing. The case is played twice more, and only a number
/// that has grown with each of the three plays counts as a leak.
fn growth(
    shared: &Shared<'_>,
    process: &Process,
    [before, mut rest]: [Observation; 2],
    replay: &dyn Fn(),
) -> Vec<Incident> {
    for _ in 1..PLAYS {
        if rest.threads <= before.threads && rest.descriptors <= before.descriptors {
            return Vec::new();
        }
        replay();
        let Some(seen) = settled(shared, process, rest) else {
            return Vec::new();
        };
        rest = seen;
    }
    let kinds = [
        (
            IncidentKind::Threads,
            "thread",
            rest.threads.saturating_sub(before.threads),
        ),
        (
            IncidentKind::Descriptors,
            "descriptor",
            rest.descriptors.saturating_sub(before.descriptors),
        ),
    ];
    kinds
        .into_iter()
        .filter(|(.., more)| *more >= PLAYS)
        .map(|(kind, noun, more)| Incident {
            kind,
            text: format!(
                "each time all clients have left, the process has {} more",
                explain::count(more / PLAYS, noun)
            ),
        })
        .collect()
}

/// Waits until the target has released everything, or until the time limits pass; returns its last state.
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

/// Returns an incident if the target works although no client is connected, and still works after a while. A virtual machine
/// works for some time after a load, too, because it compiles and collects garbage, but then it stops.
fn busy(process: &Process) -> Option<Incident> {
    works_alone(process)?;
    std::thread::sleep(CALMING_DOWN);
    works_alone(process)
}

/// Returns an incident if one of the target's threads runs, or is ready to run, in the observations. For an idle target the
/// function returns soon, because the first observations show all threads asleep.
fn works_alone(process: &Process) -> Option<Incident> {
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
                    "no client is connected, but the process used {:.1} s of processor time in {:.1} s",
                    used as f64 / 100.0,
                    began.elapsed().as_secs_f64()
                ),
            });
        }
    }
    None
}
