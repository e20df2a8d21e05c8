//! How the loop comes to its end.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::never;

use super::holding::{lines, was_or_were};
use super::{Phase, Session};
use crate::Ending;
use crate::escape::Name;
use crate::link::Link;

/// How long leaving may take from the last byte that leaves: until everything is sent and the server has closed.
pub(super) const LEAVE_TIME: Duration = Duration::from_secs(5);
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
        self.server_lost(lost)
    }

    pub(super) fn server_lost(&mut self, lost: String) -> Result<(), Ending> {
        if self.pipe.is_some() {
            // A private connection outlives the chat.
            self.server.link.abandon();
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
        let count = self.held.clear();
        if count > 0 {
            let were = was_or_were(count);
            self.output
                .remark(&format!("{} that waited {were} not sent", lines(count)));
        }
        self.quitting = None;
        self.phase = Phase::Leaving {
            then,
            lingering: false,
            moved: self.moved_in_all(),
        };
        self.deadline = Some(Instant::now() + LEAVE_TIME);
        self.lines = never();
        self.loss = None;
        self.server.link.shut();
        self.leave_tunnels();
    }

    /// How it ended, once it has.
    pub(super) fn left(&mut self) -> Option<Ending> {
        let Phase::Leaving {
            then, lingering, ..
        } = &mut self.phase
        else {
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
        let (moved_now, unsent) = (self.moved_in_all(), self.unsent());
        match &mut self.phase {
            Phase::Leaving { moved, .. } if unsent.is_some() && *moved != moved_now => {
                *moved = moved_now;
                self.deadline = Some(Instant::now() + LEAVE_TIME);
                Ok(())
            }
            Phase::Leaving { then, .. } => match unsent {
                Some((who, bytes)) => Err(Ending::Lost(format!(
                    "{who} did not take everything: nothing for {} s, and {bytes} bytes did not leave",
                    LEAVE_TIME.as_secs()
                ))),
                None if self.server.all_sent || self.server.ended => {
                    Err(std::mem::replace(then, Ending::InOrder))
                }
                None => Err(Ending::Lost(format!(
                    "the server at {address} did not take everything within {} s",
                    LEAVE_TIME.as_secs()
                ))),
            },
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

    /// A number that grows whenever bytes leave.
    fn moved_in_all(&self) -> u64 {
        let tunnels = self.tunnels.values().filter_map(|one| one.link.as_ref());
        let links = tunnels.chain([&self.server.link]);
        links.map(Link::moved).fold(0, u64::wrapping_add)
    }

    /// Who has not taken everything that was said, and how many bytes are left. Files are not waited for.
    fn unsent(&mut self) -> Option<(String, u64)> {
        if !self.server.ended && self.server.link.unsent() > 0 {
            let server = format!("the server at {}", self.server.address);
            return Some((server, self.server.link.unsent()));
        }
        self.tunnels.values_mut().find_map(|tunnel| {
            let bytes = tunnel.link.as_ref()?.unsent();
            let has_files = !tunnel.speech.exchange().running().is_empty();
            (bytes > 0 && !has_files).then(|| (Name(&tunnel.peer).to_string(), bytes))
        })
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
