//! The actions of a lane: connect, send, shut down, close, abort, sign, stop reading.

use std::time::Instant;

use crate::evidence::{Failure, FailureKind};
use crate::grammar::Value;
use crate::play::case::{Case, ConnId, Doing, Purpose, Unasked};
use crate::play::lane::ReceiveBuffer;
use crate::play::shared::names;
use crate::scenario::{Action, Cut, LaneId, LaneName, Outgoing, Piece, Scheme, walk};

use super::progress::Progress;

/// A step in which a lane does something. The step fails if it is not done at a given instant.
#[derive(Debug)]
pub(crate) struct Act {
    until: Instant,
}

impl Act {
    pub(crate) fn new(until: Instant) -> Act {
        Act { until }
    }

    pub(crate) fn poll(&self, case: &mut Case<'_>, action: &Action) -> Progress {
        if !matches!(action, Action::Distinct(_) | Action::Sign { .. }) {
            case.actions += 1;
        }
        match action {
            Action::Open(lane) => case.open_lane(*lane).into(),
            Action::Send { lane, what, cut } => self.send(case, *lane, what, cut),
            Action::Shutdown(lane) => case.shut_down(*lane).into(),
            Action::Close(lane) => case.close(*lane).into(),
            Action::Abort(lane) => self.abort(case, *lane),
            Action::Truncate(lane) => case.truncate(*lane).into(),
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

    /// Resets the connection. First the step waits until the bytes that were queued earlier are written, or until the time
    /// limit of the step passes.
    fn abort(&self, case: &mut Case<'_>, lane: LaneId) -> Progress {
        let conn = match case.conn_to_use(lane) {
            Ok(conn) => conn,
            Err(failure) => return failure.into(),
        };
        case.flush_held();
        if !case.connections[conn].socket.is_flushed() && case.now < self.until {
            return Progress::Waits(self.until);
        }
        case.note_done(conn, Doing::Aborted);
        case.connections[conn].left = true;
        case.connections[conn].socket.abort();
        Progress::Done
    }
}

fn stuck(case: &Case<'_>, lane: LaneId) -> Failure {
    let mut failure = Failure::new(
        FailureKind::NoConnection,
        "that the target reads what the lane sends".to_owned(),
        "the target does not read: the send queue of the lane is full".to_owned(),
    )
    .on(case.lane_name(lane));
    failure.by_time = true;
    failure
}

impl Case<'_> {
    /// Connects a lane. If the lane has a connection already, that connection is closed in order. The lane gets a new
    /// connection and, unless its name is fixed, a new name.
    fn open_lane(&mut self, lane: LaneId) -> Result<(), Box<Failure>> {
        let Some(declared) = self.scenario.lanes.get(lane.0) else {
            return Err(Failure::own_fault("a lane that is not declared"));
        };
        if let Some(old) = self.open[lane].take() {
            self.close_connection(old);
            // In protocols with identities, a lane keeps its identity and so its name.
            if let (LaneName::Fresh { exactly }, true) =
                (&declared.login, self.identities.is_empty())
            {
                self.names[lane] = names::fresh(&declared.name, exactly.as_ref(), &mut self.random);
                self.shared.ledger.note_name(self.number, &self.names[lane]);
            }
        }
        // The name is looked up at each opening, because the other lane may have got a new name since the case began.
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
                        format!("that ${other} and ${name} differ"),
                        format!("both are {value}"),
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
