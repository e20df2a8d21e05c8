//! Runs cases: one case alone, or several at the same time.

use std::collections::{BTreeSet, VecDeque};
use std::thread::Builder;

use parking_lot::{Condvar, Mutex};

use crate::evidence::{Played, Shortage};
use crate::grammar::Choices;
use crate::judge::{Cause, Finding};
use crate::play::shared::{Patience, Shared};
use crate::play::{self, Cutting};
use crate::scenario::{Company, Scenario};
use crate::spawn::NotStarted;

use super::aftermath;
use super::first_answer;
use super::host::Host;
use super::milestone::Milestone;
use super::options::Options;
use super::stay::Stay;
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

    /// Plays a case. If it fails because a time limit passed while this machine stalled, it is played again, up to [`PLAYS`]
    /// times in all; after that, the case is inconclusive.
    pub(crate) fn play(
        &self,
        scenario: &Scenario,
        choices: &Choices,
        patience: Patience,
    ) -> Finding {
        self.play_in(&|| self.host.enter(), scenario, choices, patience)
    }

    /// Plays a case with patience. If the runner starts the target, the process is new.
    pub(crate) fn play_on_fresh_process(&self, scenario: &Scenario, choices: &Choices) -> Finding {
        let enter = || self.host.enter_fresh();
        self.play_in(&enter, scenario, choices, Patience::Patient)
    }

    /// Returns the cause for a case that could not be judged because the run ended: the interruption or the time limit.
    fn end_of_run(&self) -> Cause {
        match self.shared.interruption.signal() {
            Some(_) => Cause::Interrupted,
            None => Cause::TimeLimit,
        }
    }

    /// Returns why the case cannot be played in this run, or `None`.
    fn obstacle(&self, scenario: &Scenario) -> Option<Cause> {
        let missing: Vec<String> = scenario
            .sets
            .iter()
            .filter(|name| !self.shared.settings.contains_key(*name))
            .cloned()
            .collect();
        if !missing.is_empty() {
            return Some(Cause::MissingSettings(missing));
        }
        let declared = self.options.unsupported.get(&scenario.id);
        declared.map(|reason| Cause::Declared(reason.clone()))
    }

    fn play_in(
        &self,
        enter: &dyn Fn() -> Result<Stay, NotStarted>,
        scenario: &Scenario,
        choices: &Choices,
        patience: Patience,
    ) -> Finding {
        if let Some(obstacle) = self.obstacle(scenario) {
            return Finding::not_played(obstacle);
        }
        let wire = self.shared.suite.grammar.in_reading(choices);
        let mut finding = Finding::not_played(Cause::Stall);
        for _ in 0..PLAYS {
            if self.shared.is_over() {
                return Finding::not_played(self.end_of_run());
            }
            let stay = match enter() {
                Ok(stay) => stay,
                Err(_) if self.shared.is_over() => return Finding::not_played(self.end_of_run()),
                Err(failed) => return Finding::not_played(Cause::NotStarted(failed.to_string())),
            };
            let play = || {
                play::play(
                    self.shared,
                    stay.address,
                    scenario,
                    &wire,
                    choices,
                    &self.cutting,
                    patience,
                )
            };
            let played = match self.play_and_inspect(&stay, &play) {
                Ok(played) => played,
                Err(shortage) => {
                    self.host.leave(stay, None);
                    return Finding::not_played(Cause::NoIdentities(shortage));
                }
            };
            self.leave(stay, &played);
            if played.failure.is_some() && self.shared.is_over() {
                return self.cut_short(played);
            }
            (self.progress)(&Milestone::Played {
                id: &scenario.id,
                held: played.failure.is_none(),
            });
            if !self.may_be_ours(&played) {
                return Finding::Played(played);
            }
            finding = Finding::does_not_count(played, Cause::Stall);
        }
        finding
    }

    fn play_and_inspect(
        &self,
        stay: &Stay,
        play: &dyn Fn() -> Result<Played, Shortage>,
    ) -> Result<Played, Shortage> {
        if let Some(process) = &stay.process
            && self.host.awaits_answer(process)
        {
            // If this process does not answer, the case fails, and the report says why.
            let _ = first_answer::wait(self.shared, self.host, stay);
        }
        let mut played = play()?;
        played.earlier_cases = stay.history.cases;
        aftermath::inspect(self.shared, stay, &self.host.habits, &mut played, &|| {
            // Only the effect of this play on the target counts, not its result.
            let _ = play();
        });
        Ok(played)
    }

    /// Ends the stay of a case. A process in a bad state serves no other case, and neither does a process that has served other
    /// cases before a case failed.
    fn leave(&self, stay: Stay, played: &Played) {
        let is_suspect = played.failure.is_some() && played.earlier_cases > 0;
        let is_kept = played.incidents.is_empty() && !is_suspect;
        self.host.leave(stay, is_kept.then_some(played.clients));
    }

    /// Returns the finding of a play that failed while the run ended. The end made the waits of the play shorter, so the
    /// failure proves nothing.
    fn cut_short(&self, mut played: Played) -> Finding {
        played.incidents.clear();
        Finding::does_not_count(played, self.end_of_run())
    }

    /// Returns whether the play may have failed because this machine stalled.
    fn may_be_ours(&self, played: &Played) -> bool {
        let failure = played.failure.as_ref();
        let ended = played.started + played.duration;
        failure.is_some_and(|failure| failure.by_time)
            && self.watchdog.stalled(played.started, ended)
    }

    /// Calls `work` for each case, on `jobs` threads at the same time; two cases with the same lock never run at the same
    /// time. Cases that may take long start first, and hostile cases last. If the runner does not start the target, cases that spend most of their
    /// time waiting also do not count towards `jobs`.
    pub(crate) fn side_by_side(
        &self,
        scenarios: &[&Scenario],
        jobs: usize,
        work: &(dyn Fn(&Scenario) + Sync),
    ) {
        let apart = |scenario: &Scenario| scenario.slow && jobs > 1 && !self.host.spawns();
        let round = Round::new(scenarios, apart);
        std::thread::scope(|scope| {
            for scenario in scenarios.iter().filter(|scenario| apart(scenario)) {
                let alone = || work(scenario);
                let thread = Builder::new().name(format!("slow {}", scenario.id));
                if thread.spawn_scoped(scope, alone).is_err() {
                    work(scenario);
                }
            }
            let work_on = || {
                while let Some(scenario) = round.next() {
                    work(scenario);
                    round.finished(scenario);
                }
            };
            for worker in 1..jobs.min(scenarios.len()) {
                // If a worker cannot be started, the run is only slower.
                let _ = Builder::new()
                    .name(format!("cases {worker}"))
                    .spawn_scoped(scope, work_on);
            }
            work_on();
        });
    }
}

/// Cases that are played at the same time.
struct Round<'a> {
    state: Mutex<RoundState<'a>>,
    unlocked: Condvar,
}

struct RoundState<'a> {
    waiting: VecDeque<&'a Scenario>,
    held: BTreeSet<&'a str>,
}

impl<'a> Round<'a> {
    /// Returns a round of all cases that are not played apart. Cases that may take long come first,
    /// and hostile cases last, because they may leave the target in a bad state.
    fn new(scenarios: &[&'a Scenario], apart: impl Fn(&Scenario) -> bool) -> Round<'a> {
        let all = scenarios.iter().copied();
        let mut waiting: Vec<_> = all.filter(|scenario| !apart(scenario)).collect();
        waiting.sort_by_key(|scenario| (scenario.hostile, !takes_long(scenario)));
        Round {
            state: Mutex::new(RoundState {
                waiting: waiting.into(),
                held: BTreeSet::new(),
            }),
            unlocked: Condvar::new(),
        }
    }

    /// Returns the next case whose lock is free; `None` if no case is left. Blocks while the locks of all remaining cases
    /// are held.
    fn next(&self) -> Option<&'a Scenario> {
        let mut state = self.state.lock();
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let is_free = |scenario: &Scenario| {
                lock_of(scenario).is_none_or(|lock| !state.held.contains(lock))
            };
            let free = state.waiting.iter().position(|scenario| is_free(scenario));
            if let Some(scenario) = free.and_then(|free| state.waiting.remove(free)) {
                state.held.extend(lock_of(scenario));
                return Some(scenario);
            }
            self.unlocked.wait(&mut state);
        }
    }

    fn finished(&self, scenario: &Scenario) {
        if let Some(lock) = lock_of(scenario) {
            self.state.lock().held.remove(lock);
            self.unlocked.notify_all();
        }
    }
}

/// Returns whether a case may take longer than others. A case that must be alone usually has many clients, or clients that do
/// not read.
fn takes_long(scenario: &Scenario) -> bool {
    scenario.slow || scenario.company == Company::Alone
}

fn lock_of(scenario: &Scenario) -> Option<&str> {
    match &scenario.company {
        Company::Lock(lock) => Some(lock),
        Company::Any | Company::Alone => None,
    }
}
