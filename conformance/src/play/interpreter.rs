//! Plays one scenario, from the first connect to the last close.

use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use crate::evidence::{Failure, FailureKind, Look, Played, Shortage};
use crate::explain;
use crate::grammar::{Choices, Wire};
use crate::scenario::{Scenario, Worth};

use super::case::{Case, ConnId, Cutting, Players, conversation};
use super::shared::{Patience, Shared};
use super::steps::{Progress, Track};

/// Plays a scenario. `choices` has a choice for each reading, and `wire` is the codec for these choices. `patience` says how
/// long the case waits for answers.
///
/// # Errors
///
/// Fails if the lanes of the scenario cannot get their identities. Then no step is played.
pub(crate) fn play<'a>(
    shared: &'a Shared<'a>,
    target: SocketAddr,
    scenario: &'a Scenario,
    wire: &'a Wire,
    choices: &'a Choices,
    cutting: &'a Cutting,
    patience: Patience,
) -> Result<Played, Shortage> {
    let (number, mut random) = shared.number_case(&scenario.id);
    let cast = shared.cast(scenario, &mut random)?;
    let players = Players {
        number,
        random,
        identities: cast.identities.clone(),
        bounds: shared.bounds.at_most(shared.pace.limits(patience)),
    };
    let case = Case::new(shared, target, scenario, wire, choices, cutting, players);
    let played = conduct(case);
    shared.dismiss(cast);
    Ok(played)
}

fn conduct(mut case: Case<'_>) -> Played {
    let scenario = case.scenario;
    let began = SystemTime::now();
    let mut failure = case.conduct(&mut Track::new(&scenario.steps)).err();
    if failure.is_none() {
        failure = case.leftovers().err();
    }
    if let Some(failure) = &mut failure {
        failure.in_tunnel &= case.is_tunnel(failure.lane.as_deref());
    }
    let is_by_time = failure.as_ref().is_some_and(|failure| failure.by_time);
    let duration = case.started.elapsed();
    case.absorb();
    let conversation = conversation::of(&case);
    case.take_leave();
    Played {
        failure: failure.map(|failure| *failure),
        worth: case.view.worth.unwrap_or(Worth::Pass),
        notes: std::mem::take(&mut case.view.notes),
        conversation,
        started: case.started,
        began,
        duration,
        clients: case.connections.ids().count(),
        gave_up_early: (case.gave_up || is_by_time) && case.bounds.are_hurried(),
        earlier_cases: 0,
        made: std::mem::take(&mut case.made),
        output: None,
        incidents: Vec::new(),
    }
}

impl<'a> Case<'a> {
    /// Collects the bytes that arrived on all lanes, answers the unasked packets among them, and notes the current time.
    fn absorb(&mut self) {
        for conn in self.connections.values_mut() {
            conn.socket.absorb();
        }
        self.now = Instant::now();
        self.answer_what_came_unasked();
    }

    /// Polls the steps until they are done or have failed. Between two polls the interpreter sleeps until something arrives.
    fn conduct(&mut self, track: &mut Track<'a>) -> Result<(), Box<Failure>> {
        let last = self.shared.at_latest(self.started + self.bounds.case());
        loop {
            let rung = self.bell.count();
            self.absorb();
            match track.poll(self) {
                Progress::Done => {
                    self.flush_held();
                    return Ok(());
                }
                Progress::Fails(failure) => return Err(failure),
                Progress::Waits(_) if self.now >= last || self.shared.is_over() => {
                    return Err(Box::new(too_long(self)));
                }
                // Send the bytes that are held back, and poll again: the target may wait for these bytes.
                Progress::Waits(_) if self.held.is_some() => self.flush_held(),
                Progress::Waits(until) => self.bell.wait(rung, until.min(last)),
            }
        }
    }

    /// Checks the bytes that no step has taken. A complete frame that no step expects is a failure, and so is a frame that
    /// stays incomplete.
    fn leftovers(&mut self) -> Result<(), Box<Failure>> {
        let until = self
            .shared
            .at_latest(Instant::now() + self.bounds.wait(None));
        for conn in self.connections.ids() {
            if self.connections[conn].left
                || self.connections[conn].paused
                || self.connections[conn].is_helper
            {
                continue;
            }
            self.leftovers_on(conn, until)?;
        }
        Ok(())
    }

    fn leftovers_on(&mut self, conn: ConnId, until: Instant) -> Result<(), Box<Failure>> {
        loop {
            let rung = self.bell.count();
            self.absorb();
            let look = self.look(conn, None);
            let kind = match look {
                Look::Nothing | Look::Ended(_) => return Ok(()),
                Look::Partial if self.now < until && !self.shared.is_over() => {
                    self.bell.wait(rung, until);
                    continue;
                }
                Look::Partial | Look::Half(..) => FailureKind::HalfFrame,
                Look::Frame(_) | Look::Broken { .. } | Look::Raw => FailureKind::Unexpected,
            };
            let expected = "nothing more at the end of the case".to_owned();
            return Err(Box::new(explain::something(
                &self.shown(conn),
                kind,
                expected,
                &look,
            )));
        }
    }

    /// Closes every connection normally: sends FIN, and reads what the target still sends, so that the target gets no reset.
    fn take_leave(&mut self) {
        for conn in self.connections.ids() {
            self.close_connection(conn);
        }
        let until = self
            .shared
            .at_latest(Instant::now() + self.bounds.farewell());
        loop {
            let rung = self.bell.count();
            self.absorb();
            let all_ended = self
                .connections
                .ids()
                .all(|conn| self.end_of(conn).is_some() || self.was_aborted(conn));
            if all_ended || self.now >= until || self.shared.is_over() {
                break;
            }
            self.bell.wait(rung, until);
        }
        for conn in self.connections.values_mut() {
            conn.socket.hang_up();
        }
    }
}

fn too_long(case: &Case<'_>) -> Failure {
    let got = match case.shared.is_over() {
        true => "the run ended before the case ended",
        false => "the case did not end; for a slow target, use a larger `--scale`",
    };
    let mut failure = Failure::new(
        FailureKind::TooLong,
        format!("the end of the case within {:?}", case.bounds.case()),
        got.to_owned(),
    );
    failure.by_time = true;
    failure
}
