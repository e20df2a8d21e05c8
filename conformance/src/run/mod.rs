//! Runs a suite against a target.
//!
//! | file | what |
//! |---|---|
//! | `options` | what a run is told, and the bounds that follow |
//! | `lane`, `bell` | connections with a reader and a writer thread; how they wake the interpreter |
//! | `shared`, `case`, `view`, `names`, `random` | a case while it runs, what it has taken in, what it shares with others |
//! | `interpreter`, `track` | steps in their order, polled |
//! | `act`, `assemble`, `look`, `expect`, `any_order`, `together`, `either`, `eventually`, `silence`, `fence` | what each step does |
//! | `unasked` | what comes unasked, and is answered by the lanes themselves |
//! | `identity`, `keys` | who lanes are, where names are UUIDs with keys |
//! | `ledger` | who sent what, so that cases beside each other do not disturb each other |
//! | `failure`, `describe`, `hint`, `annotate`, `conversation` | telling what went wrong |
//! | `host`, `aftermath`, `incident` | whom the cases talk to, and what became of it when the runner started it |
//! | `cutting`, `segments`, `recut`, `smallest` | the same sends in other segments, and the fewest cuts that make a difference |
//! | `contact`, `stranger`, `readings`, `selection`, `bench`, `schedule` | which cases are run, when, in which company |
//! | `findings`, `judge`, `outcome`, `watchdog` | from what came to verdicts |

mod act;
mod aftermath;
mod annotate;
mod any_order;
mod assemble;
mod bell;
mod bench;
mod case;
mod contact;
mod conversation;
mod cutting;
mod describe;
mod either;
mod eventually;
mod expect;
mod failure;
mod fence;
mod findings;
mod hint;
mod host;
mod identity;
mod incident;
mod interpreter;
mod judge;
mod keys;
mod lane;
mod ledger;
mod look;
mod names;
mod options;
mod outcome;
mod random;
mod readings;
mod recut;
mod schedule;
mod segments;
mod selection;
mod shared;
mod silence;
mod smallest;
mod stranger;
mod together;
mod track;
mod unasked;
mod view;
mod walk;
mod watchdog;

use std::time::{Instant, SystemTime};

pub use annotate::{Annotated, annotate, annotate_frame};
pub use conversation::{Direction, Event, EventField, TcpSign};
pub(crate) use failure::hex;
pub use failure::{Failure, FailureKind, FieldReport, Place};
pub use host::{Lifetime, Target};
pub use identity::Shortage;
pub use incident::{Incident, IncidentKind};
pub use lane::End;
pub use options::{Options, Segments};
pub use outcome::{Cause, Outcome, Report, SettledReading, Verdict};
pub use selection::UnknownScenario;

use crate::suite::Suite;
use bench::Bench;
use cutting::Cutting;
use host::Host;
use readings::Settled;
pub use recut::Recut;
use recut::Whole;
use schedule::Schedule;
use selection::Selection;
use shared::Run;
use watchdog::Watchdog;

/// Something that a person who waits may want to know.
#[derive(Debug, Clone, Copy)]
pub enum Milestone<'a> {
    /// The run begins.
    Begins {
        /// How many cases it has.
        cases: usize,
    },
    /// A case was played once; it may be played again before it is judged.
    Played {
        /// Its id.
        id: &'a str,
        /// Whether it came to its end.
        held: bool,
    },
}

/// Judges a target.
///
/// # Errors
///
/// If the options name a scenario that the suite does not have.
pub fn run_suite(
    suite: &Suite,
    target: impl Into<Target>,
    options: &Options,
) -> Result<Report, UnknownScenario> {
    run_suite_watched(suite, target, options, &|_| {})
}

/// Judges a target, and tells how far it has come; `progress` is called from several threads.
///
/// # Errors
///
/// If the options name a scenario that the suite does not have.
pub fn run_suite_watched(
    suite: &Suite,
    target: impl Into<Target>,
    options: &Options,
    progress: &(dyn Fn(&Milestone<'_>) + Sync),
) -> Result<Report, UnknownScenario> {
    let began = Instant::now();
    let selection = Selection::of(suite, options)?;
    let drawn = || getrandom::u64().unwrap_or(0x6d61_746f_7500);
    let seed = options.seed.unwrap_or_else(drawn);
    let limit = options.time_limit;
    let deadline = limit.and_then(|limit| began.checked_add(limit));
    let host = Host::new(target.into(), deadline);
    let mut report = Report {
        protocol: suite.name.clone(),
        title: suite.grammar.title.clone(),
        target: host.address(),
        command: host.command().map(str::to_owned),
        requirements: judge::by_id(suite),
        readings: Vec::new(),
        cases: Vec::new(),
        unjudgeable: None,
        certificate: None,
        seed,
        began: SystemTime::now(),
        duration: began.elapsed(),
    };
    let run = match Run::new(suite, host, options, seed) {
        Ok(run) => run,
        Err(why) => {
            report.unjudgeable = Some(why);
            return Ok(report);
        }
    };
    match greet(&run) {
        Err(why) => report.unjudgeable = Some(why),
        Ok(()) => {
            progress(&Milestone::Begins {
                cases: selection.scenarios.len(),
            });
            let watchdog = Watchdog::start();
            let bench = Bench {
                run: &run,
                watchdog: &watchdog,
                progress,
                cutting: Cutting::default(),
            };
            let Settled {
                choices,
                readings,
                probes,
            } = readings::settle(&bench, &selection.scenarios);
            let findings = Schedule::new(&bench, &choices, probes).play_all(&selection);
            report.cases = judge::judge(suite, &selection, &findings, &readings, &options.known);
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
            report.readings = readings;
        }
    }
    report.certificate = run.tls.fingerprint();
    report.duration = began.elapsed();
    Ok(report)
}

/// Is there anybody, and does he speak the protocol? If not: why the target cannot be judged.
fn greet(run: &Run<'_>) -> Result<(), String> {
    let stay = run.host.enter().map_err(|failed| failed.to_string())?;
    let met = match contact::establish(run, stay.address) {
        Ok(()) => return Ok(()),
        Err(met) => met,
    };
    match aftermath::end_of_contact(&stay) {
        Some(end) => Err(end),
        None if run.is_over() => {
            Err("the time limit of the run passed before the target answered a login".to_owned())
        }
        None => Err(stranger::in_words(run, stay.address, &met)),
    }
}
