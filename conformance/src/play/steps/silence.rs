//! Proves silence with a fence. A fence is an exchange with the target. Its answer arrives after everything that the target
//! sent earlier. So if only the answer arrives, the target sent nothing before it.
//!
//! Let P be the lane whose actions might have made the target send something. Let S be the lane on which nothing may arrive.
//! The proof depends on P and S:
//!
//! * P and S are logged in: the fence goes from P through the server to S. Frames that P caused earlier arrive on S before
//!   the fence.
//! * P and S are the same lane: a fence goes from S to a lane that the runner itself opens, and a second fence goes from
//!   that lane back to S. When the frame from S has arrived on the runner's lane, the server has handled everything that S
//!   did before.
//! * S is not logged in yet: first a fence from P to the runner's lane shows that the server has handled P's actions. Then S
//!   logs in, and only the answer to this login may arrive on S.
//! * If a fence of this protocol is an exchange between a single lane and the server, first P does the exchange, then S.
//! * P has left: the runner waits until the server has closed P's connection. Then the proof goes on as if P and S were the
//!   same lane.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::evidence::{Failure, Look};
use crate::grammar::Fence;
use crate::play::case::{Case, ConnId};
use crate::scenario::LaneId;

use super::fence::{Exchange, Kind};
use super::progress::Progress;

/// A proof of silence that is running.
#[derive(Debug)]
pub(crate) struct Silence {
    silent: LaneId,
    after: Option<LaneId>,
    within: Option<Wait>,
    plan: Option<VecDeque<Part>>,
}

/// How long the silence must last, if the scenario gives a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    /// This time, multiplied by `--scale`.
    Scaled(Duration),
    /// Exactly this time. It comes from a setting with a time limit of the target, and `--scale` does not change the target.
    Exactly(Duration),
}

/// One part of a proof.
#[derive(Debug)]
enum Part {
    /// Waits until the connection of P ends. If the connection is still open at the instant `until`, the proof continues
    /// anyway.
    Ended { conn: ConnId, until: Instant },
    /// A fence.
    Exchange(Exchange),
    /// Checks until the instant `until` that nothing arrives. This part is used if the scenario gives a time, or if the
    /// protocol has no fence.
    Time { conn: ConnId, until: Instant },
}

impl Part {
    /// Returns whether this part of the proof itself checks the frames that arrive on that connection.
    fn is_about(&self, case: &Case<'_>, conn: ConnId) -> bool {
        match self {
            Part::Ended { .. } => false,
            Part::Exchange(exchange) => exchange.looks_at(case, conn),
            Part::Time { conn: timed, .. } => *timed == conn,
        }
    }
}

impl Silence {
    pub(crate) fn new(silent: LaneId, after: Option<LaneId>, within: Option<Wait>) -> Silence {
        Silence {
            silent,
            after,
            within,
            plan: None,
        }
    }

    pub(crate) fn poll(&mut self, case: &mut Case<'_>) -> Progress {
        if self.plan.is_none() {
            match self.make_plan(case) {
                Ok(plan) => self.plan = Some(plan),
                Err(failure) => return failure.into(),
            }
        }
        let silent = match case.conn_of(self.silent) {
            Ok(silent) => silent,
            Err(failure) => return failure.into(),
        };
        let Some(plan) = &mut self.plan else {
            return Progress::Done;
        };
        while let Some(part) = plan.front_mut() {
            if !part.is_about(case, silent)
                && let Some(failure) = broken_already(case, silent)
            {
                return failure.into();
            }
            let progress = match part {
                Part::Ended { conn, until } => await_end(case, *conn, *until),
                Part::Exchange(exchange) => exchange.poll(case),
                Part::Time { conn, until } => await_time(case, *conn, *until),
            };
            match progress {
                Progress::Done => plan.pop_front(),
                other => return other,
            };
        }
        Progress::Done
    }

    fn make_plan(&self, case: &mut Case<'_>) -> Result<VecDeque<Part>, Box<Failure>> {
        let silent = case.conn_of(self.silent)?;
        if let Some(within) = self.within {
            return Ok(VecDeque::from([by_time(case, silent, Some(within))]));
        }
        let provoker = match self.after {
            Some(after) => case.conn_of(after)?,
            None => silent,
        };
        let grammar = &case.shared.suite.grammar;
        if !case.view.fronts[silent].identified && grammar.fence_unidentified.is_none()
            || case.view.fronts[silent].identified && grammar.fence.is_none()
        {
            return Ok(VecDeque::from([by_time(case, silent, None)]));
        }
        let mut plan = VecDeque::new();
        let provoker_is_gone = provoker != silent && case.is_gone(provoker);
        if provoker_is_gone {
            let until = case.now + case.bounds.wait(None);
            plan.push_back(Part::Ended {
                conn: provoker,
                until,
            });
        }
        let own_doings = provoker == silent || provoker_is_gone;
        if grammar.fence.as_ref().is_some_and(Fence::is_own) && case.view.fronts[silent].identified
        {
            if !own_doings && case.view.fronts[provoker].identified {
                plan.push_back(Part::Exchange(Exchange::in_passing(provoker)));
            }
            plan.push_back(exchange(Kind::Between, silent, silent));
            return Ok(plan);
        }
        if case.view.fronts[silent].identified {
            if own_doings {
                self.go_round(case, silent, silent, &mut plan)?;
            } else if case.view.fronts[provoker].identified {
                plan.push_back(exchange(Kind::Between, provoker, silent));
            } else {
                plan.push_back(exchange(Kind::Login, provoker, provoker));
                plan.push_back(exchange(Kind::Between, provoker, silent));
            }
        } else {
            if !own_doings {
                self.settle(case, provoker, &mut plan)?;
            }
            plan.push_back(exchange(Kind::Login, silent, silent));
        }
        Ok(plan)
    }

    /// Plans a fence from one lane to the runner's lane, and from there to the silent lane.
    fn go_round(
        &self,
        case: &mut Case<'_>,
        from: ConnId,
        silent: ConnId,
        plan: &mut VecDeque<Part>,
    ) -> Result<(), Box<Failure>> {
        if case.shared.suite.grammar.fence_unidentified.is_none() {
            plan.push_back(exchange(Kind::Between, from, silent));
            return Ok(());
        }
        let helper = helper(case, plan)?;
        plan.push_back(exchange(Kind::Between, from, helper));
        plan.push_back(exchange(Kind::Between, helper, silent));
        Ok(())
    }

    /// Plans an exchange. After it, the server has handled everything that the provoker (P) did.
    fn settle(
        &self,
        case: &mut Case<'_>,
        provoker: ConnId,
        plan: &mut VecDeque<Part>,
    ) -> Result<(), Box<Failure>> {
        if !case.view.fronts[provoker].identified {
            plan.push_back(exchange(Kind::Login, provoker, provoker));
        } else if case.shared.suite.grammar.fence.is_some() {
            let helper = helper(case, plan)?;
            plan.push_back(exchange(Kind::Between, provoker, helper));
        }
        Ok(())
    }
}

fn exchange(kind: Kind, from: ConnId, to: ConnId) -> Part {
    Part::Exchange(Exchange::new(kind, from, to))
}

/// Returns the lane that the runner itself uses for fences. If it does not exist yet, opens it and plans its login first.
fn helper(case: &mut Case<'_>, plan: &mut VecDeque<Part>) -> Result<ConnId, Box<Failure>> {
    if let Some(helper) = case.helper {
        return Ok(helper);
    }
    let helper = case.open_helper()?;
    plan.push_back(exchange(Kind::Login, helper, helper));
    Ok(helper)
}

fn by_time(case: &mut Case<'_>, conn: ConnId, within: Option<Wait>) -> Part {
    let length = match within {
        Some(Wait::Scaled(within)) => case.bounds.wait(Some(within)),
        Some(Wait::Exactly(within)) => within,
        None => case.bounds.silence_by_time(),
    };
    Part::Time {
        conn,
        until: case.now + length,
    }
}

fn await_end(case: &mut Case<'_>, conn: ConnId, until: Instant) -> Progress {
    if case.end_of(conn).is_some() || case.was_aborted(conn) {
        return Progress::Done;
    }
    case.gave_up |= case.now >= until;
    match case.now < until {
        true => Progress::Waits(until),
        false => Progress::Done,
    }
}

fn await_time(case: &mut Case<'_>, conn: ConnId, until: Instant) -> Progress {
    match case.look(conn, None) {
        Look::Nothing if case.now < until => Progress::Waits(until),
        Look::Nothing => {
            let note = format!(
                "no fence proves the silence on {}; the runner only waited, and nothing arrived",
                case.connections[conn].lane
            );
            case.view.notes.push(note);
            Progress::Done
        }
        // An incomplete frame breaks the silence too. But wait for the rest of the frame, because a complete frame makes the
        // report clearer.
        Look::Partial if case.now < until => Progress::Waits(until),
        look => case.broken_silence(conn, &look).into(),
    }
}

/// Returns a failure if a complete frame, or the end of the connection, has broken the silence already.
fn broken_already(case: &mut Case<'_>, silent: ConnId) -> Option<Failure> {
    match case.look(silent, None) {
        Look::Nothing | Look::Partial => None,
        look => Some(case.broken_silence(silent, &look)),
    }
}
