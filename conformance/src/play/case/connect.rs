//! Opens and closes the connections of a case.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::time::Instant;

use crate::evidence::{Failure, FailureKind};

use super::connection::{Doing, Done, LaneConnection, Unasked};
use super::{Case, ConnId};
use crate::play::lane::{Connection, ReceiveBuffer, Speech};
use crate::play::shared::ledger::SentFrames;
use crate::play::shared::names;

impl Case<'_> {
    /// Opens a new connection.
    pub(crate) fn connect(
        &mut self,
        lane: &str,
        login: String,
        buffer: ReceiveBuffer,
        speech: Speech<'_>,
    ) -> Result<ConnId, Box<Failure>> {
        // Send the bytes that are still held back, because the scenario sends them before it opens this connection.
        self.flush_held();
        let bound = self.bounds.wait(None);
        let target = self.target;
        let socket = Connection::open(target, bound, buffer, speech, lane, &self.bell)
            .map_err(|error| no_connection(&error).on(lane))?;
        let conn = self.connections.push(LaneConnection {
            socket,
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
        self.note_done(conn, Doing::Connected);
        Ok(conn)
    }

    /// Opens the lane that the runner itself uses for fences.
    pub(crate) fn open_helper(&mut self) -> Result<ConnId, Box<Failure>> {
        let most = self.shared.suite.grammar.longest_name_in_fences();
        let login = names::fitting("fence", most, &mut self.random);
        self.shared.ledger.note_name(self.number, &login);
        let speech = self.shared.speech(true);
        let conn = self.connect("(fence)", login, ReceiveBuffer::Usual, speech)?;
        self.connections[conn].is_helper = true;
        self.helper = Some(conn);
        Ok(conn)
    }

    /// Returns whether a lane can no longer send anything, because the scenario closed, reset or shut down the connection,
    /// or because the target ended it.
    pub(crate) fn is_gone(&self, conn: ConnId) -> bool {
        self.connections[conn].left || self.end_of(conn).is_some() || self.has_shut_down(conn)
    }

    /// Sends FIN. The reader thread continues to read. If it left bytes from the target unread, the kernel would send a
    /// reset when the runner closes the socket.
    pub(crate) fn close_connection(&mut self, conn: ConnId) {
        if self.connections[conn].left {
            return;
        }
        self.flush_held();
        self.connections[conn].left = true;
        self.connections[conn].socket.read_again();
        self.connections[conn].socket.shut_down();
        self.note_done(conn, Doing::Closed);
    }

    /// Notes an action, for the report.
    pub(crate) fn note_done(&mut self, conn: ConnId, what: Doing) {
        self.log.push(Done {
            at: Instant::now(),
            conn,
            what,
        });
    }
}

/// Returns the failure for a lane that could not connect.
fn no_connection(error: &io::Error) -> Failure {
    let mut failure = Failure::new(
        FailureKind::NoConnection,
        "a connection".to_owned(),
        error.to_string(),
    );
    failure.by_time = matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
    failure
}
