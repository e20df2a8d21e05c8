//! Runs cases: one case alone, or several at the same time.

use std::collections::{BTreeSet, VecDeque};
use std::thread::Builder;

use parking_lot::{Condvar, Mutex};

use crate::grammar::Choices;
use crate::judge::{Cause, Finding};
use crate::play::shared::Shared;
use crate::play::{self, Cutting};
use crate::scenario::{Company, Scenario};

use super::aftermath::{self, Beside};
use super::first_answer;
use super::host::Host;
use super::milestone::Milestone;
use super::options::Options;
use super::watchdog::Watchdog;

/// Maximum number of plays of a case that may have failed because this machine stalled. Even on a busy machine, one of a few
/// plays nearly always runs without a stall.
const PLAYS: usize = 5;

/// Everything that is needed to run cases.
pub(crate) struct Bench<'a> {
    pub(crate) shared: &'a Shared<'a>,
    pub(crate) host: &'a Host,
    pub(crate) options: &'a Options,
    pub(crate) watchdog: &'a Watchdog,
    pub(crate) progress: &'a (dyn Fn(&Milestone<'_>) + Sync),
    pub(crate) cutting: Cutting,
}

impl<'a> Bench<'a> {
    /// Returns a copy of this bench that divides all sends as `cutting` says.
    pub(crate) fn cut(&self, cutting: Cutting) -> Bench<'a> {
        Bench {
            shared: self.shared,
            host: self.host,
            options: self.options,
            watchdog: self.watchdog,
            progress: self.progress,
            cutting,
        }
    }

    /// Plays a case alone. If it fails because a time limit passed while this machine stalled, it is played again, up to
    /// [`PLAYS`] times in all; after that, the case is inconclusive.
    pub(crate) fn play(&self, scenario: &Scenario, choices: &Choices) -> Finding {
        self.play_beside(scenario, choices, Beside::NoOther)
    }

    /// Returns the cause for a case that could not be judged because the run ended: the interruption or the time limit.
    fn end_of_run(&self) -> Cause {
        match self.shared.interruption.signal() {
            Some(_) => Cause::Interrupted,
            None => Cause::TimeLimit,
        }
    }

    fn play_beside(&self, scenario: &Scenario, choices: &Choices, beside: Beside) -> Finding {
        let missing: Vec<String> = scenario
            .sets
            .iter()
            .filter(|name| !self.shared.settings.contains_key(*name))
            .cloned()
            .collect();
        if !missing.is_empty() {
            return Finding::not_played(Cause::MissingSettings(missing));
        }
        if let Some(reason) = self.options.unsupported.get(&scenario.id) {
            return Finding::not_played(Cause::Declared(reason.clone()));
        }
        let wire = self.shared.suite.grammar.in_reading(choices);
        let mut finding = Finding::not_played(Cause::Stall);
        for _ in 0..PLAYS {
            if self.shared.is_over() {
                return Finding::not_played(self.end_of_run());
            }
            let stay = match self.host.enter() {
                Ok(stay) => stay,
                Err(_) if self.shared.is_over() => return Finding::not_played(self.end_of_run()),
                Err(failed) => return Finding::not_played(Cause::NotStarted(failed.to_string())),
            };
            if let Some(process) = &stay.process
                && self.host.awaits_answer(process)
            {
                // If this process does not answer, the case fails, and the report says why.
                let _ = first_answer::wait(self.shared, self.host, &stay);
            }
            let play = || {
                play::play(
                    self.shared,
                    stay.address,
                    scenario,
                    &wire,
                    choices,
                    &self.cutting,
                )
            };
            let mut played = match play() {
                Ok(played) => played,
                Err(shortage) => return Finding::not_played(Cause::NoIdentities(shortage)),
            };
            aftermath::inspect(self.shared, &stay, &mut played, beside, &|| {
                // Only the effect of this play on the target counts, not its result.
                let _ = play();
            });
            if !played.incidents.is_empty() && beside == Beside::NoOther {
                // Give the next case a new process, so that the incident has no effect on it.
                self.host.renew();
            }
            if played.failure.is_some() && self.shared.is_over() {
                // The run ended during this play and made its waits shorter, so the failure of this play proves nothing.
                played.incidents.clear();
                return Finding::does_not_count(played, self.end_of_run());
            }
            let may_be_ours = played
                .failure
                .as_ref()
                .is_some_and(|failure| failure.by_time)
                && self
                    .watchdog
                    .stalled(played.started, played.started + played.duration);
            (self.progress)(&Milestone::Played {
                id: &scenario.id,
                held: played.failure.is_none(),
            });
            if !may_be_ours {
                return Finding::Played(played);
            }
            finding = Finding::does_not_count(played, Cause::Stall);
        }
        finding
    }

    /// Plays `jobs` cases at a time; two cases with the same lock never run at the same time. Cases that spend most of their
    /// time waiting start before the other cases, and do not count towards `jobs`. The findings are in the order of the
    /// cases; `news` is called with each finding as soon as it is known.
    pub(crate) fn play_in_company(
        &self,
        scenarios: &[&Scenario],
        choices: &Choices,
        jobs: usize,
        news: &(dyn Fn(&Scenario, &Finding) + Sync),
    ) -> Vec<Finding> {
        let apart = |scenario: &Scenario| scenario.slow && jobs > 1;
        let round = Round::new(scenarios, apart);
        let beside = match jobs > 1 && self.host.is_shared() {
            true => Beside::Others,
            false => Beside::NoOther,
        };
        std::thread::scope(|scope| {
            let slow = scenarios
                .iter()
                .enumerate()
                .filter(|(_, scenario)| apart(scenario));
            for (index, scenario) in slow {
                let round = &round;
                let work = move || {
                    let finding = self.play_beside(scenario, choices, beside);
                    news(scenario, &finding);
                    round.finished(index, scenario, finding);
                };
                let thread = Builder::new().name(format!("slow {}", scenario.id));
                if thread.spawn_scoped(scope, work).is_err() {
                    work();
                }
            }
            let work = || {
                while let Some((index, scenario)) = round.next() {
                    let finding = self.play_beside(scenario, choices, beside);
                    news(scenario, &finding);
                    round.finished(index, scenario, finding);
                }
            };
            for worker in 1..jobs.min(scenarios.len()) {
                // If a worker cannot be started, the run is only slower.
                let _ = Builder::new()
                    .name(format!("cases {worker}"))
                    .spawn_scoped(scope, work);
            }
            work();
        });
        round.into_findings()
    }
}

/// Cases that are played at the same time.
struct Round<'a> {
    state: Mutex<RoundState<'a>>,
    unlocked: Condvar,
}

struct RoundState<'a> {
    waiting: VecDeque<(usize, &'a Scenario)>,
    held: BTreeSet<&'a str>,
    findings: Vec<Option<Finding>>,
}

impl<'a> Round<'a> {
    fn new(scenarios: &[&'a Scenario], apart: impl Fn(&Scenario) -> bool) -> Round<'a> {
        let all = scenarios.iter().copied().enumerate();
        Round {
            state: Mutex::new(RoundState {
                waiting: all.filter(|(_, scenario)| !apart(scenario)).collect(),
                held: BTreeSet::new(),
                findings: scenarios.iter().map(|_| None).collect(),
            }),
            unlocked: Condvar::new(),
        }
    }

    /// Returns the next case whose lock is free; `None` if no case is left. Blocks while the locks of all remaining cases
    /// are held.
    fn next(&self) -> Option<(usize, &'a Scenario)> {
        let mut state = self.state.lock();
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let free = state.waiting.iter().position(|(_, scenario)| {
                lock_of(scenario).is_none_or(|lock| !state.held.contains(lock))
            });
            if let Some((index, scenario)) = free.and_then(|free| state.waiting.remove(free)) {
                state.held.extend(lock_of(scenario));
                return Some((index, scenario));
            }
            self.unlocked.wait(&mut state);
        }
    }

    fn finished(&self, index: usize, scenario: &Scenario, finding: Finding) {
        let mut state = self.state.lock();
        if let Some(lock) = lock_of(scenario) {
            state.held.remove(lock);
        }
        if let Some(place) = state.findings.get_mut(index) {
            *place = Some(finding);
        }
        self.unlocked.notify_all();
    }

    fn into_findings(self) -> Vec<Finding> {
        self.state
            .into_inner()
            .findings
            .into_iter()
            .flatten()
            .collect()
    }
}

fn lock_of(scenario: &Scenario) -> Option<&str> {
    match &scenario.company {
        Company::Lock(lock) => Some(lock),
        Company::Any | Company::Alone => None,
    }
}
