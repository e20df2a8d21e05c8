//! Holds typed lines until their connection can accept them. Meanwhile the user can type more lines, or leave.

use std::time::Instant;

use super::typing::Outcome;
use super::{Phase, Session};
use crate::ending::Ending;
use crate::escape::Name;
use crate::private::tunnel::Tunnel;
use crate::typing::held::{Destination, Entered};
use crate::typing::typed::Typed;
use matou_protocols::dialogue::TunnelId;

/// Maximum number of waiting lines to send before the loop handles other events.
const AT_ONCE: usize = 64;

impl Session {
    /// Carries out a typed line, or holds it until there is space for it. No other function parses typed lines.
    pub(super) fn enter(&mut self, line: &str) -> Result<(), Ending> {
        if matches!(self.phase, Phase::Choosing) {
            return self.log_in_as(line);
        }
        let typed = match Typed::parse(line) {
            Ok(typed) => self.addressed(typed),
            Err(error) => {
                self.refuse(&error.to_string());
                return Ok(());
            }
        };
        if self.quitting.is_some() && typed != Typed::Quit {
            return Ok(());
        }
        let to = self.destination(&typed);
        let number = self.line_number;
        let entered = Entered { typed, number };
        if let Some(to) = to
            && (self.held.first(to).is_some() || !self.can_go(to, &entered.typed))
        {
            self.hold(to, entered);
            return Ok(());
        }
        self.carry(to, entered)
    }

    /// Adds the receiver to a line now, because the line may be sent later. In the meantime, the user may switch to another
    /// peer, and a new private message may change the receiver of `/reply`.
    fn addressed(&self, typed: Typed) -> Typed {
        match (typed, &self.talking_to, self.people.whisperer()) {
            (Typed::Say(text), Some(peer), _) => {
                let peer = peer.clone();
                Typed::Tell { peer, text }
            }
            (Typed::Reply(text), _, Some(whisperer)) => {
                let to = whisperer.to_owned();
                Typed::Whisper { to, text }
            }
            (typed, ..) => typed.meaning(|name| self.dialogue.known_as(name)),
        }
    }

    fn hold(&mut self, to: Destination, entered: Entered) {
        let is_first = self.held.is_empty();
        self.held.push(to, entered);
        let is_away = matches!(self.phase, Phase::Away | Phase::LoggingIn);
        if is_first && is_away && self.output.terminal().is_none() {
            self.output
                .remark("not connected; what you type is sent after the client has reconnected");
        }
    }

    /// Returns the connection that a line needs; `None` if the line needs no connection, or if there is no such connection.
    fn destination(&self, typed: &Typed) -> Option<Destination> {
        match typed {
            Typed::Tell { peer, .. } | Typed::Send { peer, .. } | Typed::Close(peer) => {
                self.private.to(peer).map(Destination::Tunnel)
            }
            Typed::Say(_)
            | Typed::Whisper { .. }
            | Typed::Ask(_)
            | Typed::Accept(_)
            | Typed::Deny(_) => Some(Destination::Server),
            Typed::Nothing
            | Typed::Reply(_)
            | Typed::Talk(_)
            | Typed::Cancel(_)
            | Typed::Ignore(_)
            | Typed::Name { .. }
            | Typed::Wire
            | Typed::Help
            | Typed::Quit => None,
        }
    }

    fn can_go(&self, to: Destination, typed: &Typed) -> bool {
        match to {
            Destination::Server => match self.phase {
                Phase::Talking { .. } => self.server.link.has_room(),
                // A message to everyone waits until the client is logged in. Other lines need not wait: they are refused,
                // because there is no connection.
                Phase::LoggingIn | Phase::Away => !matches!(typed, Typed::Say(_)),
                Phase::Choosing | Phase::Leaving { .. } => false,
            },
            // If this client has stopped sending on the private connection, it refuses the line at once.
            Destination::Tunnel(id) => self
                .private
                .get(id)
                .is_none_or(|tunnel| !tunnel.can_send() || tunnel.has_room()),
        }
    }

    /// Carries out a line. If a message is refused, its text is kept, so that the user can send it again.
    fn carry(&mut self, to: Option<Destination>, entered: Entered) -> Result<(), Ending> {
        let typed = &entered.typed;
        let given = self.server.link.given();
        let outcome = match (to, typed) {
            (Some(Destination::Tunnel(id)), Typed::Tell { text, .. }) => self.write_to(id, text),
            _ => self.typed(typed)?,
        };
        if to == Some(Destination::Server) && self.server.link.given() > given {
            let echoes = matches!(typed, Typed::Say(_)) && self.dialogue.hears_itself();
            let end = self.server.link.given();
            self.sent.push(entered, end, echoes, Instant::now());
        } else if outcome == Outcome::Refused {
            match typed {
                Typed::Tell { peer, text } if self.talking_to.as_ref() == Some(peer) => {
                    self.keep_unsaid(&Typed::Say(text.clone()));
                }
                Typed::Say(_) | Typed::Tell { .. } | Typed::Whisper { .. } | Typed::Reply(_) => {
                    self.keep_unsaid(typed);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn keep_unsaid(&mut self, typed: &Typed) {
        if self.output.terminal().is_some() {
            if !self.unsaid.is_empty() {
                self.unsaid.push('\n');
            }
            self.unsaid += &typed.to_string();
        }
    }

    /// If the line that the user is typing is empty, puts the refused lines back on it. If `goes_on` is true, the rest of a
    /// paste may follow, so a line feed is added.
    pub(super) fn give_back(&mut self, goes_on: bool) {
        if self.unsaid.is_empty() || !self.held.is_empty() {
            return;
        }
        let mut text = std::mem::take(&mut self.unsaid);
        if goes_on {
            text.push('\n');
        }
        self.suggest(&text);
    }

    fn next_held(&self) -> Option<Destination> {
        let can_go = |to: &Destination| {
            // While the connection is lost, the waiting lines for the server stay in the queue until the client has logged
            // in again.
            let is_away = matches!(self.phase, Phase::LoggingIn | Phase::Away);
            let waits_on = *to == Destination::Server && is_away;
            let first = self.held.first(*to);
            !waits_on && first.is_some_and(|first| self.can_go(*to, &first.typed))
        };
        self.held.destinations().find(can_go)
    }

    /// True if a waiting line can be sent now.
    pub(super) fn has_room_for_held(&self) -> bool {
        self.next_held().is_some()
    }

    /// Sends waiting lines while there is space. If all lines are sent and the user wanted to leave, starts to leave.
    pub(super) fn send_held(&mut self) -> Result<(), Ending> {
        if self.held.is_empty() && self.quitting.is_none() {
            return Ok(());
        }
        for _ in 0..AT_ONCE {
            let Some(to) = self.next_held() else {
                break;
            };
            if let Some(entered) = self.held.pop(to) {
                self.line_number = entered.number;
                let done = self.carry(Some(to), entered);
                self.line_number = None;
                done?;
            }
            if let Destination::Tunnel(id) = to {
                self.shut_if_both_are_done(id);
            }
        }
        if self.held.is_empty() {
            self.give_back(true);
        }
        self.quit_when_sent()
    }

    /// If the peer has stopped sending, and all waiting lines for it have been sent, this client stops sending too.
    pub(super) fn shut_if_both_are_done(&mut self, id: TunnelId) {
        let nothing_waits = self.held.first(Destination::Tunnel(id)).is_none();
        let peer_ended = |tunnel: &Tunnel| tunnel.peer_ended && tunnel.can_send();
        if nothing_waits
            && self.output.is_for_a_person()
            && self.private.get(id).is_some_and(peer_ended)
        {
            self.shut_tunnel(id);
        }
    }

    /// Drops the lines that wait for a private connection that has closed, and tells the user.
    pub(super) fn give_up_held(&mut self, id: TunnelId, peer: &str) {
        let unsent = self.held.take(Destination::Tunnel(id));
        if unsent.is_empty() {
            return;
        }
        let count = unsent.len();
        let were = was_or_were(count);
        self.refuse(&format!(
            "{} for {} {were} not sent",
            lines(count),
            Name(peer)
        ));
        // Each of these lines is kept as a command with the peer's name, because the text was only for this peer.
        unsent.iter().for_each(|line| self.keep_unsaid(&line.typed));
        self.give_back(true);
    }
}

/// Formats a number of lines.
pub(super) fn lines(count: usize) -> String {
    match count {
        1 => "1 line".into(),
        _ => format!("{count} lines"),
    }
}

pub(super) fn was_or_were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}
