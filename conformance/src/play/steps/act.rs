//! The actions of a lane: connect, send, shut down, close, abort, sign, stop reading.

use std::time::{Duration, Instant};

use crate::evidence::{Failure, FailureKind};
use crate::grammar::Value;
use crate::play::case::{Case, ConnId, Doing, Purpose, Unasked};
use crate::play::lane::ReceiveBuffer;
use crate::play::shared::names;
use crate::scenario::{Action, Cut, LaneId, LaneName, Outgoing, Piece, Scheme, walk};

use super::progress::Progress;

/// After a client has left, the runner waits until the target closes its side of the connection too, but at most for this
/// time. Some servers never close their side.
const NOTICING: Duration = Duration::from_millis(300);

/// How long the runner waits after the target has closed its side. A server may first close the connection, and only then
/// remove the client from its lists. A target does not answer a reset, so after a reset the runner only waits for this time.
const FORGETTING: Duration = Duration::from_millis(20);

/// A step in which a lane does something. At the instant `until`, the step gives up.
#[derive(Debug)]
pub(crate) struct Act {
    until: Instant,
    begun: bool,
}

impl Act {
    pub(crate) fn new(until: Instant) -> Act {
        Act {
            until,
            begun: false,
        }
    }

    pub(crate) fn poll(&mut self, case: &mut Case<'_>, action: &Action) -> Progress {
        if !matches!(action, Action::Distinct(_) | Action::Sign { .. }) {
            case.actions += 1;
        }
        let is_first = !std::mem::replace(&mut self.begun, true);
        match action {
            Action::Open(lane) => case.open_lane(*lane).into(),
            Action::Send { lane, what, cut } => self.send(case, *lane, what, cut),
            Action::Shutdown(lane) => case.shut_down(*lane).into(),
            Action::Close(lane) if is_first => match case.close(*lane) {
                Ok(()) => noticed(case, *lane),
                Err(failure) => failure.into(),
            },
            Action::Abort(lane) => self.abort(case, *lane, is_first),
            Action::Truncate(lane) if is_first => match case.truncate(*lane) {
                Ok(()) => noticed(case, *lane),
                Err(failure) => failure.into(),
            },
            Action::Close(lane) | Action::Truncate(lane) => noticed(case, *lane),
            Action::Sign {
                lane,
                pieces,
                scheme,
                remember,
            } => case.sign(*lane, pieces, *scheme, remember).into(),
            Action::StopReading(lane) => case.stop_reading(*lane).into(),
            Action::ReadAgain(lane) => case.read_again(*lane).into(),
            Action::Distinct(names) => case.all_differ(names).into(),
            _ => Failure::own_fault("a step that no lane can carry out").into(),
        }
    }

    /// Queues the bytes. If the queue of the lane is full, the step waits.
    fn send(&self, case: &mut Case<'_>, lane: LaneId, what: &[Outgoing], cut: &Cut) -> Progress {
        let conn = match case.conn_to_use(lane) {
            Ok(conn) => conn,
            Err(failure) => return failure.into(),
        };
        if !case.connections[conn].socket.has_room() {
            return if case.now < self.until {
                Progress::Waits(self.until)
            } else {
                stuck(case, lane).into()
            };
        }
        case.assemble(what)
            .map(|bytes| case.transmit(conn, bytes, cut, Purpose::Scenario))
            .into()
    }

    /// Resets the connection. Before the reset, the step waits until the target has read what the lane has sent, because a
    /// reset discards bytes that the target has not read. If the time limit of the step passes, the step resets the
    /// connection anyway.
    fn abort(&self, case: &mut Case<'_>, lane: LaneId, is_first: bool) -> Progress {
        if case.open[lane].is_some_and(|conn| case.was_aborted(conn)) {
            return noticed(case, lane);
        }
        let conn = match case.conn_to_use(lane) {
            Ok(conn) => conn,
            Err(failure) => return failure.into(),
        };
        if is_first {
            case.flush_held();
            case.connections[conn].socket.wait_for_reads();
        }
        if !case.connections[conn].socket.is_flushed() && case.now < self.until {
            return Progress::Waits(self.until);
        }
        case.note_done(conn, Doing::Aborted);
        case.connections[conn].left = true;
        case.connections[conn].socket.abort();
        noticed(case, lane)
    }
}

/// Waits until the target has noticed that an identified client has left. Without this wait, the target might handle the
/// next steps before it notices the departure. Then the verdict would say nothing about clients that have left.
fn noticed(case: &Case<'_>, lane: LaneId) -> Progress {
    let departure = case.open[lane].and_then(|conn| Some((conn, case.left_at(conn)?)));
    let Some((conn, left)) = departure.filter(|(conn, _)| case.view.fronts[*conn].identified)
    else {
        return Progress::Done;
    };
    let until = match case.connections[conn].socket.end() {
        Some((at, _)) => at.max(left) + FORGETTING,
        None if case.was_aborted(conn) => left + FORGETTING,
        None => left + case.bounds.wait(Some(NOTICING)),
    };
    match case.now < until {
        true => Progress::Waits(until),
        false => Progress::Done,
    }
}

fn stuck(case: &Case<'_>, lane: LaneId) -> Failure {
    let mut failure = Failure::new(
        FailureKind::NoConnection,
        "a target that reads what the lane sends".to_owned(),
        "the target does not read: the send queue of the lane is full".to_owned(),
    )
    .on(case.lane_name(lane));
    failure.by_time = true;
    failure
}

impl Case<'_> {
    /// Connects a lane. If the lane has a connection already, this old connection is closed normally. The lane gets a new
    /// connection and, unless its name is fixed, a new name.
    fn open_lane(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let Some(declared) = self.scenario.lanes.get(lane.0) else {
            return Err(Failure::own_fault("a lane that is not declared"));
        };
        if let Some(old) = self.open[lane].take() {
            self.close_connection(old);
            // In protocols with identities, a lane keeps its identity, and so it also keeps its name.
            if let (LaneName::Fresh { exactly }, true) =
                (&declared.login, self.identities.is_empty())
            {
                self.names[lane] = names::fresh(&declared.name, exactly.as_ref(), &mut self.random);
                self.shared.ledger.note_name(self.number, &self.names[lane]);
            }
        }
        // This lane has the name of another lane. It takes that name again each time it connects, because the other lane may
        // have got a new name since the case began.
        if let LaneName::SameAs(other) = declared.login {
            self.names[lane] = self.names[other].clone();
        }
        let buffer = self.buffer_for(lane);
        let name = self.names[lane].clone();
        let speech = self.shared.speech(declared.tls);
        let conn = self.connect(&declared.name, name, buffer, speech)?;
        self.connections[conn].identity = self.identities.get(lane.0).cloned();
        self.connections[conn].unasked = Unasked::new(declared.answers);
        self.open[lane] = Some(conn);
        Ok(())
    }

    fn buffer_for(&self, lane: LaneId) -> ReceiveBuffer {
        let mut buffer = ReceiveBuffer::Usual;
        walk::every_step(&self.scenario.steps, &mut |step| {
            if matches!(step.action, Action::StopReading(who) if who == lane) {
                buffer = ReceiveBuffer::Small;
            }
        });
        buffer
    }

    fn shut_down(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let conn = self.conn_to_use(lane)?;
        self.flush_held();
        self.connections[conn].socket.shut_down();
        self.note_done(conn, Doing::ShutDown);
        Ok(())
    }

    /// Sends FIN without close_notify. The reader thread continues to read.
    fn truncate(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let conn = self.conn_to_use(lane)?;
        self.connections[conn].left = true;
        self.connections[conn].socket.truncate();
        self.note_done(conn, Doing::Truncated);
        Ok(())
    }

    fn sign(
        &mut self,
        lane: LaneId,
        pieces: &[Piece],
        scheme: Scheme,
        remember: &str,
    ) -> Result<(), Box<Failure>> {
        let bytes = self.pieces(pieces)?;
        let key = self.identities.get(lane.0).map(|identity| &identity.key);
        let signature = key.and_then(|key| key.sign(&bytes, scheme));
        let signature = signature.ok_or_else(|| Failure::own_fault("a key that cannot sign"))?;
        let remembered = &mut self.view.remembered;
        remembered.insert(remember.to_owned(), Value::Bytes(signature));
        Ok(())
    }

    fn close(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let conn = self.conn_to_use(lane)?;
        self.close_connection(conn);
        Ok(())
    }

    fn stop_reading(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let conn = self.conn_to_use(lane)?;
        self.connections[conn].socket.stop_reading();
        self.connections[conn].paused = true;
        self.note_done(conn, Doing::StoppedReading);
        Ok(())
    }

    fn read_again(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let conn = self.conn_to_use(lane)?;
        self.connections[conn].socket.read_again();
        self.connections[conn].paused = false;
        self.note_done(conn, Doing::ReadsAgain);
        Ok(())
    }

    fn all_differ(&self, names: &[String]) -> Result<(), Box<Failure>> {
        for (index, name) in names.iter().enumerate() {
            let value = self.remembered(name)?;
            for other in names.iter().take(index) {
                if self.remembered(other)? == value {
                    return Err(Box::new(Failure::new(
                        FailureKind::Mismatch,
                        format!("different values of ${other} and ${name}"),
                        format!("{value} in both"),
                    )));
                }
            }
        }
        Ok(())
    }

    fn conn_to_use(&self, lane: LaneId) -> Result<ConnId, Box<Failure>> {
        let conn = self.conn_of(lane)?;
        if self.connections[conn].left {
            return Err(Failure::own_fault(format!(
                "{} was closed before and cannot be used any more",
                self.lane_name(lane)
            )));
        }
        Ok(conn)
    }
}
