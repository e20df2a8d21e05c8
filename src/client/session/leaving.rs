//! Leaving: how the loop ends.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::never;

use super::holding::{lines, was_or_were};
use super::stalls::with_unsent;
use super::{Phase, Session};
use crate::ending::Ending;
use crate::escape::Name;
use crate::face::printer::{Printer, too_late};
use crate::link::Link;
use crate::link::outgoing::Watch;
use crate::private::tunnel::{Sending, Tunnel};

/// Time limit for leaving. Within this time, the client must send everything, and the server must close the connection.
/// After Ctrl-C this limit is fixed. In other cases, the time starts again whenever bytes are written.
pub(super) const LEAVE_TIME: Duration = Duration::from_secs(5);
/// After everything else has ended, a private connection stays open for this time, to receive the peer's last bytes.
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
                Phase::Talking { input_ended: true } if self.leaves_with_the_server() => {
                    self.leave(Ending::InOrder);
                    return Ok(());
                }
                Phase::Talking { .. } => format!("the server at {address} closed the connection"),
                Phase::Away => return Ok(()),
                Phase::LoggingIn => format!(
                    "the server at {address} closed the connection without answering the login"
                ),
                Phase::Choosing => format!("the server at {address} closed the connection"),
            }
        };
        self.server_lost(lost)
    }

    /// True if the chat ends normally when the server closes the connection: with `--stay`, but without `--reconnect`.
    fn leaves_with_the_server(&self) -> bool {
        self.options.stay && !self.options.reconnect
    }

    /// Handles the end of the connection to the server. `lost` is the reason.
    pub(super) fn server_lost(&mut self, lost: String) -> Result<(), Ending> {
        self.server.ended = true;
        if self.private.piped().is_some() {
            // With `--tunnel`, the private connection continues even without the connection to the server.
            let unsent = self.server.link.abandon();
            self.output.remark(&with_unsent(lost, unsent));
            return Ok(());
        }
        self.lose(lost)
    }

    /// Starts to leave: the client sends the queued bytes, then FIN, and reads until the server closes the connection.
    pub(super) fn leave(&mut self, then: Ending) {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return;
        }
        let count = self.held.clear();
        if count > 0 {
            let were = was_or_were(count);
            self.output
                .remark(&format!("{} {were} not sent", lines(count)));
        }
        self.quitting = None;
        self.phase = Phase::Leaving {
            then,
            lingering: false,
            patience: None,
        };
        self.deadline = Some(Instant::now() + LEAVE_TIME);
        self.lines = never();
        self.loss = None;
        self.server.link.shut();
        self.leave_tunnels();
    }

    /// Returns the ending of the chat; `None` until everything has ended.
    pub(super) fn left(&mut self) -> Option<Ending> {
        let Phase::Leaving {
            then,
            lingering,
            patience,
        } = &mut self.phase
        else {
            return None;
        };
        let all_sent = |tunnel: &Tunnel| tunnel.sending == Sending::AllSent;
        // A server that has stopped sending may still read. So `to_server` does not depend on whether the server has stopped
        // sending.
        let to_server = !self.server.all_sent && self.server.link.unsent() > 0;
        if !self.server.ended
            || to_server
            || !self.private.iter().all(|(_, tunnel)| all_sent(tunnel))
        {
            return None;
        }
        if self.private.is_empty() {
            let then = std::mem::replace(then, Ending::InOrder);
            return Some(self.without_doubt(then));
        }
        if !std::mem::replace(lingering, true) {
            self.deadline = Some(Instant::now() + LINGER_TIME);
            *patience = None;
        }
        None
    }

    pub(super) fn overdue(&mut self) -> Result<(), Ending> {
        let address = self.server.address;
        let (now, moved, unsent) = (Instant::now(), self.moved(), self.unsent());
        if let Phase::Leaving { patience, .. } = &mut self.phase
            && let Some(watch) = patience
            && !watch.is_stalled(now, moved, LEAVE_TIME)
        {
            self.deadline = Some(watch.due(LEAVE_TIME));
            return Ok(());
        }
        let is_backed_up = self.output.is_backed_up();
        match &mut self.phase {
            Phase::Leaving { .. } if is_backed_up => Err(Ending::Output(too_late(LEAVE_TIME))),
            Phase::Leaving { then, .. } => match unsent {
                Some((who, bytes)) => {
                    let reason = format!("{who} accepted no data for {} s", LEAVE_TIME.as_secs());
                    Err(Ending::Lost(with_unsent(reason, bytes)))
                }
                None if self.server.all_sent || self.server.ended => {
                    Err(std::mem::replace(then, Ending::InOrder))
                }
                None => Err(Ending::Lost(format!(
                    "the server at {address} did not close the connection within {} s",
                    LEAVE_TIME.as_secs()
                ))),
            },
            Phase::Away => {
                self.try_again();
                Ok(())
            }
            _ => self.lose(format!(
                "the server at {address} did not answer the login within {:?}; check that it speaks {}",
                self.options.connect_timeout,
                self.options.address.protocol.name()
            )),
        }
    }

    /// Leaves like [`Session::leave`], but the time limit starts again whenever bytes are written.
    pub(super) fn leave_patiently(&mut self, then: Ending) {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return;
        }
        self.leave(then);
        let now = Instant::now();
        let watch = Watch::begin(now, self.moved());
        self.deadline = Some(watch.due(LEAVE_TIME));
        if let Phase::Leaving { patience, .. } = &mut self.phase {
            *patience = Some(watch);
        }
    }

    /// Returns the private connections that have no transfer in progress, because a client that leaves does not wait for
    /// transfers.
    fn without_files(&mut self) -> impl Iterator<Item = &Tunnel> {
        self.private.iter_mut().filter_map(|(_, tunnel)| {
            let has_files = !tunnel.speech.exchange().running().is_empty();
            (!has_files).then_some(&*tunnel)
        })
    }

    /// Returns a number that grows whenever bytes are written to a peer or to standard output.
    fn moved(&mut self) -> u64 {
        let printed = self.output.printer().map_or(0, Printer::moved);
        let server = self.server.link.moved().wrapping_add(printed);
        let links = self.without_files().filter_map(|one| one.stage.link());
        links.map(Link::moved).fold(server, u64::wrapping_add)
    }

    /// Returns a peer that has not accepted all bytes, and the number of unsent bytes.
    fn unsent(&mut self) -> Option<(String, u64)> {
        if self.server.link.unsent() > 0 {
            let server = format!("the server at {}", self.server.address);
            return Some((server, self.server.link.unsent()));
        }
        self.without_files().find_map(|tunnel| {
            let bytes = tunnel.stage.link()?.unsent();
            (bytes > 0).then(|| (Name(&tunnel.peer).to_string(), bytes))
        })
    }

    /// Handles SIGHUP, which says that the terminal was closed. The first SIGHUP makes the client leave. Further SIGHUPs
    /// have no effect.
    pub(super) fn hung_up(&mut self) -> Result<(), Ending> {
        match self.phase {
            Phase::Leaving { .. } => Ok(()),
            _ => self.interrupted(),
        }
    }

    /// Leaves after SIGINT or SIGTERM. If a second signal arrives, the program ends at once.
    pub(super) fn interrupted(&mut self) -> Result<(), Ending> {
        let ending = match &self.options.tunnel {
            None => Ending::InOrder,
            Some(wish) => Ending::TunnelFailed(format!(
                "interrupted before the private connection with {:?} was closed",
                wish.peer
            )),
        };
        if matches!(self.phase, Phase::Leaving { .. }) {
            self.hurries = true;
            return Err(ending);
        }
        self.leave(ending);
        Ok(())
    }
}
