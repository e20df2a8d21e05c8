//! Finds the effects of a case on a target that the runner started. Did the process end? Does it still answer? Has it
//! released the threads and connections that its clients used?

use std::time::{Duration, Instant};

use crate::evidence::{Direction, Failure, FailureKind, Incident, IncidentKind, Played};
use crate::explain;
use crate::play::shared::Shared;
use crate::spawn::{Observation, Process};

use super::contact;
use super::host::Stay;

/// How long the runner waits for the end of a process that no longer answers. If the process has closed its connections
/// because it is ending, it usually ends within this time.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// How long the runner waits to see whether the target's process ends, after a case has failed while other cases ran.
const DYING: Duration = Duration::from_millis(300);

/// How long a target may take to release the threads and descriptors that its clients used. For the clients' connections the
/// limit is longer.
const SETTLING: Duration = Duration::from_millis(500);

/// How many times a case is played before the runner reports a leak of threads or descriptors.
const PLAYS: usize = 3;

/// The pause between two observations of the target.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The minimum number of observations before a target counts as busy. An idle target is asleep in at least some of them.
const LOOKS: usize = 10;

/// The pause between two observations that check whether the target is busy.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// An observation looks at one thread after the other. So if two threads work in turn, both may seem to be asleep. Therefore
/// a target counts as idle only if all its threads seemed asleep in more than `n / 2 + MISTAKES` of n observations.
const MISTAKES: usize = 2;

/// The pause between two series of these observations. A target is reported only if it is busy in both series.
const CALMING_DOWN: Duration = Duration::from_secs(1);

/// To count as busy, the target must have used this much processor time during the observations, in hundredths of a second.
const WORK: u64 = 30;

/// Time limit of these observations. On a busy machine it may take long until a busy target has used that much processor
/// time.
const WORK_BOUND: Duration = Duration::from_secs(30);

/// Whether other cases used the process of the target at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// No other case used the process.
    NoOther,
    /// Other cases used the process too. Then the runner only notices that the process ended, and does not know which case
    /// caused the end.
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
    let _ = process.end_by(Instant::now() + LAST_BREATH)?;
    let end = process.end_in_full()?;
    let output = process.log().since(stay.mark);
    let output = match output.trim_end() {
        "" => String::new(),
        output => format!("; its output:\n{output}"),
    };
    Some(format!(
        "the target ended at the first login, with {end}{output}"
    ))
}

/// Returns the failure for a target that ended although every step of the case was fulfilled. If no connection had ended
/// before the clients left, the target ended because the clients left; the failure notes this.
fn after_all_steps(end: &Incident, played: &Played, output: &str) -> Failure {
    let got = format!("every step of the case was fulfilled, but {}", end.text);
    let mut failure = Failure::of_target(end.failure_kind(), &got, None);
    let mut events = played.conversation.iter();
    if !events.any(|event| event.direction == Direction::Ends) {
        failure.at_teardown = Some(format!("{} {}", end.text, complaint(output)));
    }
    failure
}

/// Returns the beginning of the last line of the output, up to its first colon: usually it is the name of an error. Indented
/// lines are skipped, because they belong to a stack trace.
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
        // The run ended during the login, so the missing answer proves nothing.
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

/// Returns an incident for each resource that the target has not released although all clients have left, and an incident if
/// the target is busy.
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
                "all clients have left, but the process still has {} open",
                explain::count(held, "connection")
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
/// Many servers allocate a thread or descriptor when they need it for the first time, and then keep it. On a busy machine, a
/// thread that is about to end may still be counted. One observation therefore proves nothing. So the case is played twice
/// more, and only a number that has grown in each of the three plays counts as a leak.
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
                "each time the case is played, the process keeps {} after all clients have left",
                explain::count(more / PLAYS, noun)
            ),
        })
        .collect()
}

/// Waits until the target has released everything, or until the time limits pass. Returns the last observation of the
/// target.
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

/// Returns an incident if the target uses the processor although no client is connected, and does so again after a while. A
/// target in a virtual machine, such as Java's, works for some time after its clients have left, because the virtual machine
/// compiles code and collects garbage. But then such a target stops working.
fn busy(process: &Process) -> Option<Incident> {
    works_alone(process)?;
    std::thread::sleep(CALMING_DOWN);
    works_alone(process)
}

/// Returns an incident if some thread of the target runs, or is ready to run, in most of the observations. For an idle
/// target the function returns soon, because the first observations already show all threads asleep.
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
