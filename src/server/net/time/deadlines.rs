//! The deadlines of one connection.
//!
//! Deadlines are points in time. A time-out for each `read` (`SO_RCVTIMEO`) would begin again with
//! every byte, so a peer that sends one byte now and then would never be late. The life of a
//! deadline is described in [`net`](crate::net).

use std::time::Instant;

use parking_lot::Mutex;

use matou_protocols::room::Overdue;

/// The deadlines of one connection, and the time at which the hub's clock will look at them.
///
/// The lock is held for a comparison and for the call of `register`, which takes the clock's lock.
/// So a thread that holds the clock's lock must not take this lock. Any thread may call the
/// methods, which never block.
#[derive(Debug, Default)]
pub(in crate::net) struct Deadlines(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The deadline for the handshake, then for the first byte, then for the login.
    arrival: Option<(Instant, Due)>,
    /// The deadline for the rest of a frame that has begun to arrive.
    frame: Option<Instant>,
    /// The time at which the outbox must test whether the client took enough of its queued bytes.
    progress: Option<Instant>,
    /// The time by which an orderly close must be complete.
    close: Option<Instant>,
    /// The time of the entry in the clock; a connection has at most one entry. Even if a deadline
    /// is set and cleared with each frame, the entry stays the same. So the reader need not take
    /// the clock's lock each time.
    registered: Option<Instant>,
    ended: bool,
}

/// The meaning of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Due {
    /// The peer is late with its first byte, its login or a frame; the room decides what to do.
    Overdue(Overdue),
    /// The peer has not finished the TLS handshake.
    Handshake,
    /// It is time to check whether the client has taken enough of the bytes that are queued for it;
    /// the outbox checks this.
    Progress,
    /// The time for an orderly close is over.
    Close,
}

impl State {
    fn earliest(&self) -> Option<(Instant, Due)> {
        let frame = self.frame.map(|at| (at, Due::Overdue(Overdue::Frame)));
        let progress = self.progress.map(|at| (at, Due::Progress));
        let close = self.close.map(|at| (at, Due::Close));
        [close, self.arrival, frame, progress]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// If the clock must look earlier than its entry says, returns a new entry, with the time of
    /// the entry that it replaces.
    fn registration(&mut self) -> Option<Registration> {
        let (at, _) = self.earliest()?;
        if self.ended || self.registered.is_some_and(|registered| registered <= at) {
            return None;
        }
        let replaces = self.registered.replace(at);
        Some(Registration { at, replaces })
    }
}

/// A new entry for the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) struct Registration {
    /// The time at which the clock must look at the deadlines of the connection.
    pub(in crate::net) at: Instant,
    /// The time of the connection's old entry, which the new entry replaces.
    pub(in crate::net) replaces: Option<Instant>,
}

impl Deadlines {
    /// Sets or clears the deadline for the handshake, the first byte or the login.
    pub(in crate::net) fn arrival(
        &self,
        deadline: Option<(Instant, Due)>,
        register: impl FnOnce(Registration),
    ) {
        self.change(|state| state.arrival = deadline, register);
    }

    /// Sets or clears the deadline for the rest of a frame.
    pub(in crate::net) fn frame(
        &self,
        deadline: Option<Instant>,
        register: impl FnOnce(Registration),
    ) {
        self.change(|state| state.frame = deadline, register);
    }

    /// Sets the time at which the outbox must test whether the client took enough of its queued
    /// bytes. This time is not cleared when the queue becomes empty, because some outboxes fill and
    /// empty many times a second: clearing the time each time would keep the clock busy. When the
    /// time comes, the outbox finds out that nothing is queued.
    pub(in crate::net) fn progress(&self, deadline: Instant, register: impl FnOnce(Registration)) {
        self.change(|state| state.progress = Some(deadline), register);
    }

    /// Sets the deadline for an orderly close. If an earlier deadline for the close is set already,
    /// keeps that deadline. Clears the deadlines of the other kinds, because they do not matter any
    /// more.
    pub(in crate::net) fn close(&self, deadline: Instant, register: impl FnOnce(Registration)) {
        let change = |state: &mut State| {
            state.close = Some(state.close.map_or(deadline, |old| old.min(deadline)));
            state.arrival = None;
            state.frame = None;
            state.progress = None;
        };
        self.change(change, register);
    }

    /// The clock's thread calls this when the time of the connection's entry has come. If a
    /// deadline has passed, clears this deadline and returns its kind. If the peer gets more time,
    /// the caller sets the deadline again.
    pub(in crate::net) fn look(
        &self,
        now: Instant,
        register: impl FnOnce(Registration),
    ) -> Option<Due> {
        let mut due = None;
        let take = |state: &mut State| {
            state.registered = None;
            if let Some((at, what)) = state.earliest()
                && at <= now
            {
                due = Some(what);
                match what {
                    Due::Close => state.close = None,
                    Due::Progress => state.progress = None,
                    Due::Overdue(Overdue::Frame) => state.frame = None,
                    Due::Overdue(_) | Due::Handshake => state.arrival = None,
                }
            }
        };
        self.change(take, register);
        due
    }

    /// Called when the connection is over. Returns the time of the entry that must be removed from
    /// the clock, if one is registered. After this no entry is registered any more.
    pub(in crate::net) fn end(&self) -> Option<Instant> {
        let mut state = self.0.lock();
        state.ended = true;
        state.registered.take()
    }

    /// Changes the deadlines, and registers a new entry in the clock if the clock must look
    /// earlier. The entry is added to the clock before this lock is released. Otherwise two threads
    /// could change `registered` in one order, and the clock in another order.
    fn change(&self, change: impl FnOnce(&mut State), register: impl FnOnce(Registration)) {
        let mut state = self.0.lock();
        change(&mut state);
        if let Some(registration) = state.registration() {
            register(registration);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_entry_serves_all_deadlines_of_a_connection() {
        let deadlines = Deadlines::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut entries = Vec::new();
        let identification = Due::Overdue(Overdue::Identification);
        deadlines.arrival(Some((at(60), identification)), |new| entries.push(new));
        deadlines.frame(Some(at(30)), |new| entries.push(new));
        deadlines.frame(None, |new| entries.push(new));
        deadlines.frame(Some(at(40)), |new| entries.push(new));
        let entry = |seconds, replaces| Registration {
            at: at(seconds),
            replaces,
        };
        assert_eq!(entries, [entry(60, None), entry(30, Some(at(60)))]);

        let mut next = None;
        assert_eq!(deadlines.look(at(30), |new| next = Some(new)), None);
        assert_eq!(next, Some(entry(40, None)));
        let due = deadlines.look(at(40), |new| next = Some(new));
        assert_eq!(due, Some(Due::Overdue(Overdue::Frame)));
        assert_eq!(next, Some(entry(60, None)));
        deadlines.progress(at(45), |new| next = Some(new));
        assert_eq!(next, Some(entry(45, Some(at(60)))));
        deadlines.progress(at(55), |_| {
            panic!("a new entry, although the entry at 45 is earlier")
        });
        assert_eq!(deadlines.look(at(45), |new| next = Some(new)), None);
        assert_eq!(next, Some(entry(55, None)));
        let due = deadlines.look(at(55), |new| next = Some(new));
        assert_eq!(due, Some(Due::Progress));
        assert_eq!(next, Some(entry(60, None)));
        deadlines.close(at(50), |new| next = Some(new));
        assert_eq!(next, Some(entry(50, Some(at(60)))));
        assert_eq!(deadlines.end(), Some(at(50)));
        deadlines.frame(Some(at(1)), |_| panic!("it is over"));
    }
}
