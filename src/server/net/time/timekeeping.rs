//! What the thread `matou-clock` of a hub does when the clock calls it.
//!
//! The life of a deadline is told in [`net`](crate::net).

use std::sync::Arc;
use std::time::Instant;

use log::debug;

use super::clock::Call;
use super::deadlines::Due;
use crate::net::bounds::limits::LAST_WAIT;
use crate::net::connection::Connection;
use crate::net::hub::Hub;
use matou_protocols::room::{Event, Overdue, Protocol};

impl<P: Protocol> Hub<P> {
    /// Serves the clock until the hub ends. [`Service`](crate::net::Service) owns this thread and
    /// joins it.
    ///
    /// It never waits for a client. The turn that it takes over does not block either, and after
    /// [`ROUNDS`](crate::net::bounds::limits::ROUNDS) rounds it hands the turn to itself, so that
    /// deadlines are looked at in between.
    ///
    /// A stop has three steps: finish all connections; after `DRAIN` cut those that are left; after
    /// `LAST_WAIT` end without them.
    pub(in crate::net) fn keep_time(&self) {
        let mut cut = false;
        loop {
            // Blocks until the earliest deadline has come or another thread has something for this
            // one. No lock is held here, so each call may find that what it was made for has
            // changed.
            match self.clock.next() {
                Call::Connections(late) => late.iter().for_each(|one| self.look_at(one)),
                Call::Room => self.tick(),
                Call::Turn => self.send_rounds(),
                Call::Stop => self.finish_all(),
                // Connections that were cut did not end in time either: their threads are left to
                // themselves.
                Call::StopOverdue if cut => return,
                Call::StopOverdue => {
                    cut = true;
                    self.cut_all();
                    self.clock.stop_by(Instant::now() + LAST_WAIT);
                }
                Call::End => return,
            }
        }
    }

    /// Does what is due on a connection. Nothing is due when the deadline was moved after the entry
    /// was made.
    fn look_at(&self, connection: &Arc<Connection>) {
        let now = Instant::now();
        match connection.look_at_deadlines(now) {
            None => {}
            Some(Due::Close) => connection.cut(),
            Some(Due::Progress) => connection.look_at_progress(),
            Some(Due::Handshake) => {
                debug!("{connection} cut: its TLS handshake took too long");
                connection.cut();
            }
            Some(Due::Overdue(what)) => {
                self.event(connection, Event::Overdue(what));
                // The room may have granted the same time again. If it has closed the connection
                // instead, the new deadline has no effect: a closing connection has no such events.
                match what {
                    Overdue::Frame => connection.expect_frame(Some(now + self.limits.frame)),
                    Overdue::FirstByte => {
                        connection.expect_arrival(Some((now + self.limits.first_byte, what)));
                    }
                    Overdue::Identification => {
                        connection.expect_arrival(Some((now + self.limits.identification, what)));
                    }
                }
            }
        }
    }
}
