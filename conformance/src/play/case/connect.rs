//! Opening and closing the connections of a case.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::time::Instant;

use crate::evidence::{Failure, FailureKind};

use super::Case;
use super::line::{Doing, Done, Line, Unasked};
use crate::play::lane::{Connection, ReceiveBuffer, Speech};
use crate::play::shared::ledger::SentFrames;
use crate::play::shared::names;

impl Case<'_> {
    /// A new connection.
    pub(crate) fn connect(
        &mut self,
        lane: &str,
        login: String,
        buffer: ReceiveBuffer,
        speech: Speech<'_>,
    ) -> Result<usize, Box<Failure>> {
        // What was sent before is on its way when this begins.
        self.flush_held();
        let bound = self.shared.bounds.wait(None);
        let target = self.target;
        let connection = Connection::open(target, bound, buffer, speech, lane, &self.bell)
            .map_err(|error| no_connection(&error).on(lane))?;
        self.lines.push(Line {
            connection,
            lane: lane.to_owned(),
            login,
            identity: None,
            unasked: Unasked::default(),
            left: false,
            paused: false,
            is_helper: false,
            sent: SentFrames::default(),
            has_sent: BTreeSet::new(),
        });
        self.complete_view();
        let line = self.lines.len() - 1;
        self.note_done(line, Doing::Connected);
        Ok(line)
    }

    /// Opens the runner's own lane.
    pub(crate) fn open_helper(&mut self) -> Result<usize, Box<Failure>> {
        let login = names::fresh("fence", None, &mut self.random);
        self.shared.ledger.note_name(self.number, &login);
        let speech = self.shared.speech(true);
        let line = self.connect("(fence)", login, ReceiveBuffer::Usual, speech)?;
        self.lines[line].is_helper = true;
        self.helper = Some(line);
        Ok(line)
    }

    /// Whether a lane can provoke nothing any more: closed, cut, or ended by the target.
    pub(crate) fn is_gone(&self, line: usize) -> bool {
        self.lines[line].left || self.end_of(line).is_some() || self.has_shut_down(line)
    }

    /// FIN; the reader goes on in the background, so that what the target still sends does not make the kernel answer
    /// with a reset.
    pub(crate) fn close_line(&mut self, line: usize) {
        if self.lines[line].left {
            return;
        }
        self.flush_held();
        self.lines[line].left = true;
        self.lines[line].connection.read_again();
        self.lines[line].connection.shut_down();
        self.note_done(line, Doing::Closed);
    }

    /// For the report.
    pub(crate) fn note_done(&mut self, line: usize, what: Doing) {
        self.log.push(Done {
            at: Instant::now(),
            line,
            what,
        });
    }
}

/// The failure of a connect.
fn no_connection(error: &io::Error) -> Failure {
    let mut failure = Failure::new(
        FailureKind::NoConnection,
        "a connection".to_owned(),
        error.to_string(),
    );
    failure.by_time = matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
    failure
}
