//! The private connection of `--tunnel`.

use std::io;

use super::{Phase, Session};
use crate::ending::Ending;
use crate::private::Broken;
use matou_protocols::dialogue::Intent;

impl Session {
    pub(super) fn is_wanted(&self, peer: &str) -> bool {
        let wish = self.options.tunnel.as_ref();
        wish.is_some_and(|wish| wish.peer == peer)
    }

    /// Answers a request: accepts the peer of `--tunnel`, and denies all others.
    pub(super) fn asked(&mut self, peer: &str) -> Result<(), Ending> {
        let Some(wish) = &self.options.tunnel else {
            return Ok(());
        };
        if matches!(self.phase, Phase::Leaving { .. }) {
            return Ok(());
        }
        if !self.is_wanted(peer) || self.is_opening_or_up(peer) {
            self.intend(Intent::Deny { peer })?;
            return Ok(());
        }
        // If both clients send a request, only one of the two requests may be accepted: otherwise two connections would
        // open. Only the request of the client with the smaller login counts. This client repeats its request, because it
        // may have sent its first request before the peer logged in.
        if wish.wait || *self.options.address.login > *peer {
            self.intend(Intent::Accept { peer })?;
        } else {
            self.intend(Intent::Ask { peer })?;
        }
        Ok(())
    }

    fn is_opening_or_up(&self, peer: &str) -> bool {
        self.private.iter().any(|(_, tunnel)| tunnel.peer == peer)
    }

    pub(super) fn denied(&mut self, peer: &str) {
        if self.is_wanted(peer) && !self.is_opening_or_up(peer) {
            self.leave(Ending::TunnelFailed(format!(
                "{peer:?} declined the private connection, or has left"
            )));
        }
    }

    pub(super) fn pipe_ended(&mut self) -> Result<(), Ending> {
        let Some(result) = self.private.piped().and_then(|done| done.recv().ok()) else {
            return Err(Ending::TunnelFailed(
                "internal error: the thread of the private connection has ended".into(),
            ));
        };
        let ending = match result {
            Ok(()) => Ending::InOrder,
            Err(Broken::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ending::OutputClosed
            }
            Err(broken) => {
                self.output.remark(&broken.to_string());
                Ending::TunnelFailed(
                    "the private connection ended before both sides had sent everything".into(),
                )
            }
        };
        self.leave(ending);
        Ok(())
    }
}
