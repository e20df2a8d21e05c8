//! Chooses the cases of a run, plays them in the right order, alone or at the same time, and passes the results to the
//! judge.
//!
//! | file | what |
//! |---|---|
//! | `options`, `milestone` | the settings of a run, and the progress that it reports |
//! | `host`, `stay` | the target: an address, or processes that the runner starts; the access of one case to it |
//! | `contact`, `first_answer`, `stranger` | whether the target answers a login; if not, which other protocol it seems to speak |
//! | `selection`, `schedule`, `bench` | which cases are run, in which order, and which of them at the same time |
//! | `readings` | which choice the target makes for each reading (a question that the document leaves open) |
//! | `death` | what follows if a target that the runner did not start no longer answers |
//! | `fragments` | the fragments that fail in every case, so that further cases with them need not be played |
//! | `aftermath`, `ends` | the effects of a case on a process that the runner started; which ends of this process count as failures |
//! | `recut`, `smallest` | the same sends in other segments, and the fewest cuts that change a verdict |
//! | `told` | reports each verdict once, as soon as it is final |
//! | `watchdog` | notices when this machine stalls |
//!
//! `play` plays a single case, and [`judge`](crate::judge) finds its verdict.

mod aftermath;
mod bench;
mod contact;
mod death;
mod ends;
mod first_answer;
mod fragments;
mod host;
mod milestone;
mod options;
mod readings;
mod recut;
mod schedule;
mod selection;
mod smallest;
mod stay;
mod stranger;
mod told;
mod watchdog;

use std::time::{Duration, Instant, SystemTime};

pub use crate::evidence::{
    Annotated, Direction, End, Event, EventField, Failure, FailureKind, FieldReport, Incident,
    IncidentKind, Place, Segments, Shortage, TcpSign,
};
pub use crate::explain::{annotate, annotate_frame};
pub use crate::judge::{Cause, Outcome, Recut, Report, SettledReading, Verdict};
pub use host::{Lifetime, Target};
pub use milestone::Milestone;
pub use options::Options;
pub use selection::{WrongOptions, check};

pub use crate::play::shared::Interruption;

use crate::judge::{Court, by_id};
use crate::play::Cutting;
use crate::play::shared::{Shared, Terms};
use crate::spawn::Process;
use crate::suite::Suite;
use bench::Bench;
use contact::Met;
use host::Host;
use readings::Settled;
use recut::Whole;
use schedule::Schedule;
use selection::Selection;
use told::Told;
use watchdog::Watchdog;

/// Judges a target.
///
/// # Errors
///
/// Fails if the options do not fit the suite.
pub fn run_suite(
    suite: &Suite,
    target: impl Into<Target>,
    options: &Options,
) -> Result<Report, WrongOptions> {
    run_suite_watched(suite, target, options, &|_| {})
}

/// Judges a target and reports the progress. Several threads call `progress`.
///
/// # Errors
///
/// Fails if the options do not fit the suite.
pub fn run_suite_watched(
    suite: &Suite,
    target: impl Into<Target>,
    options: &Options,
    progress: &(dyn Fn(&Milestone<'_>) + Sync),
) -> Result<Report, WrongOptions> {
    let began = Instant::now();
    let selection = Selection::of(suite, options)?;
    let drawn = || getrandom::u64().unwrap_or(0x6d61_746f_7500);
    let seed = options.seed.unwrap_or_else(drawn);
    let limit = options.time_limit;
    let deadline = limit.and_then(|limit| began.checked_add(limit));
    let host = Host::new(target.into(), options.jobs, deadline);
    let mut report = Report {
        protocol: suite.name.clone(),
        title: suite.grammar.title.clone(),
        target: host.address(),
        command: host.command().map(str::to_owned),
        requirements: by_id(suite),
        readings: Vec::new(),
        cases: Vec::new(),
        is_partial: selection.is_partial(suite),
        unjudgeable: None,
        interrupted: None,
        certificate: None,
        start_up: None,
        survivors: Vec::new(),
        seed,
        began: SystemTime::now(),
        duration: began.elapsed(),
    };
    let terms = Terms {
        settings: &options.settings,
        bounds: options.bounds(),
        is_patient: options.is_patient,
        has_strangers: options.shared_target,
        seed,
        deadline,
        interruption: options.interruption.clone(),
    };
    let shared = match Shared::new(suite, terms) {
        Ok(shared) => shared,
        Err(why) => {
            report.unjudgeable = Some(why);
            return Ok(report);
        }
    };
    match greet(&shared, &host) {
        Err(why) => report.unjudgeable = Some(why),
        Ok(start_up) => {
            report.start_up = start_up;
            progress(&Milestone::Begins {
                report: &report,
                cases: selection.scenarios.len(),
            });
            let watchdog = Watchdog::start();
            let bench = Bench {
                shared: &shared,
                host: &host,
                options,
                watchdog: &watchdog,
                progress,
                cutting: Cutting::default(),
            };
            let Settled {
                choices,
                readings,
                probes,
            } = readings::settle(&bench, &selection.scenarios);
            let told = Told::new(&bench, &selection, &readings);
            // If the cases are played a second time with other segments, every verdict may still change. So no verdict is
            // reported before the second play.
            let now = (options.segments == Segments::Whole).then_some(&told);
            let findings = Schedule::new(&bench, &choices, now, probes).play_all(&selection);
            let court = Court::new(suite, &options.known, &findings, &readings);
            report.cases = court.judge(&selection.scenarios);
            for (case, scenario) in report.cases.iter_mut().zip(&selection.scenarios) {
                case.prerequisite = selection.is_prerequisite(scenario);
            }
            if options.segments != Segments::Whole {
                let whole = Whole {
                    bench: &bench,
                    choices: &choices,
                    selection: &selection,
                    findings: &findings,
                    readings: &readings,
                };
                recut::compare(&whole, &mut report.cases);
            }
            report.cases.iter().for_each(|case| told.tell(case));
            report.readings = readings;
        }
    }
    host.end_idle();
    report.survivors = host.survivors();
    report.certificate = shared.tls.fingerprint();
    report.interrupted = options.interruption.signal();
    report.duration = began.elapsed();
    Ok(report)
}

/// Connects to the target and logs in, to check that it speaks the protocol. Returns how long the target took from its start
/// to its first answer; `None` if the runner did not start it. The error says why the target cannot be judged.
fn greet(shared: &Shared<'_>, host: &Host) -> Result<Option<Duration>, String> {
    let stay = host.enter().map_err(|failed| match shared.is_over() {
        true => too_early(shared),
        false => failed.to_string(),
    })?;
    let met = match first_answer::wait(shared, host, &stay) {
        Ok(()) => match &stay.process {
            // The runner has already ended the processes that went into the background.
            Some(process) if process.is_in_background() => Met::Silence,
            process => {
                let start_up = process.as_ref().and_then(Process::start_up);
                host.leave(stay, Some(1));
                return Ok(start_up);
            }
        },
        Err(met) => met,
    };
    if shared.is_over() {
        return Err(too_early(shared));
    }
    match aftermath::end_of_contact(&stay) {
        Some(end) => Err(end),
        None => {
            let why = stranger::in_words(shared, stay.address, &met);
            let slower = match stay.process.is_some() && first_answer::may_still_come(&met) {
                true => "; for a slower start, use a longer --spawn-timeout",
                false => "",
            };
            Err(why + slower)
        }
    }
}

fn too_early(shared: &Shared<'_>) -> String {
    let end = match shared.interruption.signal() {
        Some(_) => "the run was interrupted",
        None => "the run reached its time limit",
    };
    format!("{end} before the target answered a login")
}
