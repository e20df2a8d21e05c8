//! Stalled connections: connections whose peer accepts no data.

use std::time::Instant;

use super::{Phase, Session};
use crate::ending::Ending;
use crate::private::tunnel::Tunnel;

impl Session {
    /// Closes every stalled connection: bytes wait to be sent, but no byte was written for `--stall-timeout`. Does nothing
    /// while the client leaves, because a shorter limit applies then.
    pub(super) fn look_for_stalls(&mut self) -> Result<(), Ending> {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return Ok(());
        }
        let (now, limit) = (Instant::now(), self.options.stall_timeout);
        let reason = || {
            let limit = humantime::format_duration(limit);
            format!("it accepted no data for {limit}")
        };
        if self.server.link.is_stalled(now, limit) {
            let address = self.server.address;
            self.server_lost(format!(
                "the server at {address} does not read: {}",
                reason()
            ))?;
        }
        let is_stalled = |tunnel: &mut Tunnel| {
            let link = tunnel.stage.link_mut();
            link.is_some_and(|link| link.is_stalled(now, limit))
        };
        let stalled = self.private.which(is_stalled);
        for id in stalled {
            self.end_tunnel(id, Some(reason()))?;
        }
        Ok(())
    }

    /// Returns when to call [`Session::look_for_stalls`].
    pub(super) fn stalls_at(&self) -> Option<Instant> {
        let limit = self.options.stall_timeout;
        let tunnels = self.private.iter();
        let tunnels = tunnels.filter_map(|(_, tunnel)| tunnel.stage.link());
        let links = tunnels.chain([&self.server.link]);
        links.filter_map(|link| link.look_at(limit)).min()
    }
}

/// Adds the number of unsent bytes to the reason why a connection was closed.
pub(super) fn with_unsent(reason: String, bytes: u64) -> String {
    match bytes {
        0 => reason,
        1 => format!("{reason}; 1 byte was not sent"),
        _ => format!("{reason}; {bytes} bytes were not sent"),
    }
}
