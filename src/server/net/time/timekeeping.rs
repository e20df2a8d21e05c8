//! What the thread `matou-clock` of a hub does when [`Clock::next`](super::clock::Clock::next)
//! returns.
//!
//! The life of a deadline is described in [`net`](crate::net).

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
    /// The loop of the clock's thread. It runs until the hub ends. [`Service`](crate::net::Service)
    /// owns this thread and joins it.
    ///
    /// This thread never waits for a client. If a reader has handed the turn over, this thread
    /// sends to clients, but its sends do not block. After
    /// [`ROUNDS`](crate::net::bounds::limits::ROUNDS) rounds of sending, the thread stops, looks at
    /// the deadlines, and then goes on sending. (It hands the turn, which is the right to send,
    /// over to itself.)
    ///
    /// When the hub stops, this thread does three things. First it begins an orderly close of all
    /// connections. After the time `DRAIN`, it cuts the connections that are left. After the time
    /// `LAST_WAIT`, it ends, even if connections are left.
    pub(in crate::net) fn keep_time(&self) {
        let mut cut = false;
        loop {
            // Blocks until the earliest deadline has come, or until another thread has work for
            // this thread. No lock is held when `next` has returned. So the deadline may have been
            // moved meanwhile, and each of the methods below tests again whether something is due.
            match self.clock.next() {
                Call::Connections(late) => late.iter().for_each(|one| self.look_at(one)),
                Call::Room => self.tick(),
                Call::Turn => self.send_rounds(),
                Call::Stop => self.finish_all(),
                // Some connections were cut, but their threads have not ended in time. The clock's
                // thread does not wait for them any longer.
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

    /// Tests whether a deadline of a connection has passed, and does what this deadline requires.
    /// If the deadline was moved or cleared after its entry was made, there is nothing to do.
    fn look_at(&self, connection: &Arc<Connection>) {
        let now = Instant::now();
        match connection.look_at_deadlines(now) {
            None => {}
            Some(Due::Close) => connection.cut(),
            Some(Due::Progress) => connection.look_at_progress(now),
            Some(Due::Handshake) => {
                debug!("{connection} cut: its TLS handshake took too long");
                connection.cut();
            }
            Some(Due::Overdue(what)) => {
                self.event(connection, Event::Overdue(what));
                // The room may have decided to wait, so the deadline is set again, with the same
                // time limit. If the room has closed the connection, the new deadline has no
                // effect, because the room gets no `Overdue` event about a connection that is
                // closing.
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
