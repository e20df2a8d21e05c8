//! Leaving while typed lines still wait: the client first sends these lines, as long as their connections accept data.

use std::time::Instant;

use super::Session;
use super::holding::{lines, was_or_were};
use super::leaving::LEAVE_TIME;
use crate::ending::Ending;
use crate::escape::Name;
use crate::link::Link;
use crate::link::outgoing::Watch;
use crate::typing::held::Destination;

/// The state after the user has asked to leave, while lines still wait to be sent.
#[derive(Debug)]
pub(super) struct Quitting {
    /// Measures for how long no byte has been written. The limit is [`LEAVE_TIME`].
    watch: Watch,
}

impl Session {
    /// Leaves after the waiting lines have been sent. If this function is called again before these lines have been sent,
    /// the client leaves at once.
    pub(super) fn quit(&mut self) {
        if self.held.is_empty() || self.quitting.is_some() {
            return self.leave_as_wanted();
        }
        self.quitting = Some(Quitting {
            watch: Watch::begin(Instant::now(), self.moved_for_held()),
        });
        let count = self.held.count();
        self.output.remark(&format!(
            "leaving after {} {} sent; Ctrl-C or another /quit leaves at once",
            lines(count),
            if count == 1 { "is" } else { "are" }
        ));
    }

    /// Returns the time of the next check: the client checks whether it has written bytes since the last check.
    pub(super) fn quitting_looks_at(&self) -> Option<Instant> {
        let quitting = self.quitting.as_ref()?;
        Some(quitting.watch.due(LEAVE_TIME))
    }

    pub(super) fn quit_when_sent(&mut self) -> Result<(), Ending> {
        let moved = self.moved_for_held();
        let (now, is_empty) = (Instant::now(), self.held.is_empty());
        let Some(quitting) = &mut self.quitting else {
            return Ok(());
        };
        if is_empty {
            self.leave_as_wanted();
        } else if quitting.watch.due(LEAVE_TIME) <= now
            && quitting.watch.is_stalled(now, moved, LEAVE_TIME)
        {
            return self.quit_without_sending();
        }
        Ok(())
    }

    /// Leaves without sending the waiting lines, because their receiver accepts no data.
    fn quit_without_sending(&mut self) -> Result<(), Ending> {
        let count = self.held.count();
        let reason = |who: &str| {
            let seconds = LEAVE_TIME.as_secs();
            let not_sent = format!("{} {} not sent", lines(count), was_or_were(count));
            format!("{who} accepted no data for {seconds} s; {not_sent}")
        };
        if self.held.first(Destination::Server).is_some() {
            let server = format!("the server at {}", self.server.address);
            return Err(Ending::Lost(reason(&server)));
        }
        let all: Vec<_> = self.held.destinations().collect();
        let mut why = String::new();
        for to in all {
            if let Destination::Tunnel(id) = to
                && let Some(tunnel) = self.private.get(id)
            {
                why = reason(&Name(&tunnel.peer).to_string());
                self.end_tunnel(id, Some("the peer accepted no data".into()))?;
            }
        }
        self.leave(Ending::Lost(why));
        Ok(())
    }

    /// Returns a number that grows whenever bytes are written to a connection for which lines wait.
    fn moved_for_held(&self) -> u64 {
        let link_of = |to| match to {
            Destination::Server => Some(&self.server.link),
            Destination::Tunnel(id) => self.private.get(id)?.stage.link(),
        };
        let links = self.held.destinations().filter_map(link_of);
        links.map(Link::moved).fold(0, u64::wrapping_add)
    }
}
