//! Finds the effects of a case on a target that the runner started. Did the process end? Does it still answer? Has it
//! released the threads and connections that its clients used?

mod growth;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::evidence::{Direction, Failure, FailureKind, Incident, IncidentKind, Played};
use crate::explain;
use crate::play::shared::Shared;
use crate::spawn::Process;

use super::contact;
use super::stay::Stay;

use growth::Growth;
pub(super) use growth::Habits;

/// How long the runner waits for the end of a process that no longer answers. If the process has closed its connections
/// because it is ending, it usually ends within this time.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// The minimum number of observations before a target counts as busy. An idle target is asleep in at least some of them.
const LOOKS: usize = 10;

/// The pause between two observations that check whether the target is busy.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// The number of observations with a pause of only [`BRIEFLY`] before them. They are enough to see that a target is idle.
const BRIEF_LOOKS: usize = 5;

const BRIEFLY: Duration = Duration::from_millis(1);

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

/// Notes the effects of a case on the target. Each effect becomes an incident. `replay` plays the case once more.
pub(crate) fn inspect(
    shared: &Shared<'_>,
    stay: &Stay,
    habits: &Habits,
    played: &mut Played,
    replay: &dyn Fn(),
) {
    let Some(process) = &stay.process else {
        return;
    };
    if let Some(end) = end_of(shared, stay.address, process) {
        let failure = match played.failure.take() {
            Some(seen) => Failure::of_target(end.failure_kind(), &end.text, Some(seen)),
            None => after_all_steps(&end, played, &process.log().since(stay.mark)),
        };
        played.failure = Some(failure);
        played.incidents.push(end);
    } else if !shared.is_over() {
        let growth = Growth::new(shared, stay, process, habits, played.clients);
        let found = growth.map(|growth| unrest(process, &growth, replay));
        played.incidents.extend(found.unwrap_or_default());
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

fn end_of(shared: &Shared<'_>, address: SocketAddr, process: &Process) -> Option<Incident> {
    let crash = |end: String| Incident {
        kind: IncidentKind::Crash,
        text: format!("the process ended, with {end}"),
    };
    if let Some(end) = process.end() {
        return Some(crash(end));
    }
    let met = contact::establish(shared, address).err()?;
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
                contact::in_words(address, &met)
            ),
        },
    })
}

/// Returns an incident for each resource that the target has not released although all clients have left, and an incident if
/// the target is busy.
fn unrest(process: &Process, growth: &Growth<'_>, replay: &dyn Fn()) -> Vec<Incident> {
    let mut incidents = Vec::new();
    let Some(rest) = growth.settled() else {
        return incidents;
    };
    let held = growth.connections_held(rest);
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
        incidents.extend(growth.leaks(rest, replay));
    }
    incidents
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
        std::thread::sleep(match look <= BRIEF_LOOKS {
            true => BRIEFLY,
            false => BETWEEN_LOOKS,
        });
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
