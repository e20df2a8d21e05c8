//! What one connection must have done by when. Absolute times: a peer that drips one byte now and then gains nothing.

use std::time::Instant;

use parking_lot::Mutex;

use matou_protocols::room::Overdue;

/// The deadlines of one connection, and when its hub's clock will look at them.
#[derive(Debug, Default)]
pub(super) struct Deadlines(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The handshake, then the first byte, then the identification.
    arrival: Option<(Instant, Due)>,
    /// The rest of a frame that was begun.
    frame: Option<Instant>,
    /// What waits for the client: it must have taken some of it.
    progress: Option<Instant>,
    /// An orderly close.
    close: Option<Instant>,
    /// The entry in the clock: at most one per connection, so a connection that is often late for a moment costs nothing.
    registered: Option<Instant>,
    ended: bool,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The peer is late with something; the room decides.
    Overdue(Overdue),
    /// The peer has not agreed on keys.
    Handshake,
    /// The client may have taken too little of what waits for it; the outbox knows.
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

    /// When the clock must look earlier than it would: the old entry and the new one.
    fn registration(&mut self) -> Option<Registration> {
        let (at, _) = self.earliest()?;
        if self.ended || self.registered.is_some_and(|registered| registered <= at) {
            return None;
        }
        let replaces = self.registered.replace(at);
        Some(Registration { at, replaces })
    }
}

/// An entry for the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Registration {
    /// When to look.
    pub(super) at: Instant,
    /// The entry that is no longer needed.
    pub(super) replaces: Option<Instant>,
}

impl Deadlines {
    /// Sets or clears the deadline for the handshake, the first byte or the identification.
    pub(super) fn arrival(
        &self,
        deadline: Option<(Instant, Due)>,
        register: impl FnOnce(Registration),
    ) {
        self.change(|state| state.arrival = deadline, register);
    }

    /// Sets or clears the deadline for the rest of a frame.
    pub(super) fn frame(&self, deadline: Option<Instant>, register: impl FnOnce(Registration)) {
        self.change(|state| state.frame = deadline, register);
    }

    /// Sets the deadline by which the client must have taken some of what waits for it. It is not cleared when nothing waits
    /// any more: outboxes that fill and empty many times a second would keep the clock busy.
    pub(super) fn progress(&self, deadline: Instant, register: impl FnOnce(Registration)) {
        self.change(|state| state.progress = Some(deadline), register);
    }

    /// Sets the deadline for an orderly close; an earlier one stays.
    pub(super) fn close(&self, deadline: Instant, register: impl FnOnce(Registration)) {
        let change = |state: &mut State| {
            state.close = Some(state.close.map_or(deadline, |old| old.min(deadline)));
            state.arrival = None;
            state.frame = None;
            state.progress = None;
        };
        self.change(change, register);
    }

    /// The clock's entry has come: what is due, if anything. A deadline that was due is set again by whoever handles it.
    pub(super) fn look(&self, now: Instant, register: impl FnOnce(Registration)) -> Option<Due> {
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

    /// The connection is over: the entry to remove, if there is one.
    pub(super) fn end(&self) -> Option<Instant> {
        let mut state = self.0.lock();
        state.ended = true;
        state.registered.take()
    }

    /// The entry goes into the clock before this lock is let go, so that entries and registrations never disagree.
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
        deadlines.progress(at(55), |_| panic!("the clock looks before that"));
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
