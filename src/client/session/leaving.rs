//! How the loop comes to its end.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::never;

use super::{Phase, Session};
use crate::Ending;

/// How long leaving may take: until everything is sent and the server has closed.
const LEAVE_TIME: Duration = Duration::from_secs(5);
/// How long a private connection stays for what the peer still sends, once we have left everything else.
const LINGER_TIME: Duration = Duration::from_secs(1);

impl Session {
    pub(super) fn server_ended(&mut self, error: Option<io::Error>) -> Result<(), Ending> {
        self.server.ended = true;
        let address = self.server.address;
        let lost = if let Some(error) = error.or_else(|| self.server.send_error.take()) {
            format!("the connection to the server at {address} was lost: {error}")
        } else if self.server.inbox.has_part_of_a_frame() {
            format!("the server at {address} closed the connection in the middle of a frame")
        } else {
            match self.phase {
                Phase::Leaving { .. } => return Ok(()),
                Phase::Talking { input_ended: true } if self.options.stay => {
                    self.leave(Ending::InOrder);
                    return Ok(());
                }
                Phase::Talking { .. } => format!("the server at {address} closed the connection"),
                Phase::Away => return Ok(()),
                Phase::LoggingIn => format!(
                    "the server at {address} closed the connection without an answer to the login"
                ),
                Phase::Choosing => format!("the server at {address} closed the connection"),
            }
        };
        if self.pipe.is_some() {
            // A private connection outlives the chat.
            self.output.remark(&lost);
            return Ok(());
        }
        self.lose(lost)
    }

    /// Ends in order: what was sent leaves, the server is told that no more comes, and what it still sends is taken.
    pub(super) fn leave(&mut self, then: Ending) {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return;
        }
        self.phase = Phase::Leaving {
            then,
            lingering: false,
        };
        self.deadline = Some(Instant::now() + LEAVE_TIME);
        self.lines = never();
        self.loss = None;
        self.server.link.shut();
        self.leave_tunnels();
    }

    /// How it ended, once it has.
    pub(super) fn left(&mut self) -> Option<Ending> {
        let Phase::Leaving { then, lingering } = &mut self.phase else {
            return None;
        };
        if !self.server.ended || !self.tunnels.values().all(|tunnel| tunnel.all_sent) {
            return None;
        }
        if self.tunnels.is_empty() {
            return Some(std::mem::replace(then, Ending::InOrder));
        }
        if !std::mem::replace(lingering, true) {
            self.deadline = Some(Instant::now() + LINGER_TIME);
        }
        None
    }

    pub(super) fn overdue(&mut self) -> Result<(), Ending> {
        let address = self.server.address;
        match &mut self.phase {
            Phase::Leaving { then, .. } => {
                if self.server.all_sent || self.server.ended {
                    return Err(std::mem::replace(then, Ending::InOrder));
                }
                Err(Ending::Lost(format!(
                    "the server at {address} did not take everything within {} s",
                    LEAVE_TIME.as_secs()
                )))
            }
            Phase::Away => {
                self.try_again();
                Ok(())
            }
            _ => self.lose(format!(
                "the server at {address} did not answer the login within {:?}; does it speak {}?",
                self.options.connect_timeout,
                self.options.address.protocol.name()
            )),
        }
    }

    pub(super) fn interrupted(&mut self) -> Result<(), Ending> {
        let ending = match &self.options.tunnel {
            None => Ending::InOrder,
            Some(wish) => Ending::TunnelFailed(format!(
                "interrupted before the private connection with {:?} had ended",
                wish.peer
            )),
        };
        if matches!(self.phase, Phase::Leaving { .. }) {
            return Err(ending);
        }
        self.leave(ending);
        Ok(())
    }
}
