//! Holds typed lines until their connection has room. In the meantime the user can type and leave.

use super::{Phase, Session};
use crate::ending::Ending;
use crate::escape::Name;
use crate::private::tunnel::Tunnel;
use crate::typing::held::Destination;
use crate::typing::typed::Typed;
use matou_protocols::dialogue::TunnelId;

/// Maximum lines to send before the loop handles other events.
const AT_ONCE: usize = 64;

impl Session {
    /// Carries out a typed line, or holds it until there is room for it.
    pub(super) fn enter(&mut self, line: &str) -> Result<(), Ending> {
        if matches!(self.phase, Phase::Choosing) {
            return self.log_in_as(line);
        }
        let typed = match Typed::parse(line) {
            Ok(typed) => typed.meaning(|name| self.dialogue.known_as(name)),
            Err(error) => {
                self.refuse(&error.to_string());
                return Ok(());
            }
        };
        if self.quitting.is_some() && typed != Typed::Quit {
            return Ok(());
        }
        let to = self.destination(&typed);
        if let Some(to) = to
            && (self.held.first(to).is_some() || !self.can_go(to, line))
        {
            self.hold(to, line, &typed);
            return Ok(());
        }
        self.carry(to, &typed)
    }

    fn hold(&mut self, to: Destination, line: &str, typed: &Typed) {
        let is_first = self.held.is_empty();
        match typed {
            Typed::Tell { text, .. } => self.held.push(to, &as_text(text)),
            // The last private message may come from another user by the time the line is sent.
            Typed::Reply(text) => {
                let whisperer = self.people.whisperer().unwrap_or_default();
                self.held
                    .push(to, &format!("/msg {} {text}", Name(whisperer)));
            }
            _ => self.held.push(to, line),
        }
        let is_away = matches!(self.phase, Phase::Away | Phase::LoggingIn);
        if is_first && is_away && self.output.terminal().is_none() {
            self.output
                .remark("not connected; what you type is sent after the client has reconnected");
        }
    }

    /// Returns the connection that a line needs; `None` if it needs none, or if that connection does not exist.
    fn destination(&self, typed: &Typed) -> Option<Destination> {
        let peer = match typed {
            Typed::Say(_) => match &self.talking_to {
                Some(peer) => peer,
                None => return Some(Destination::Server),
            },
            Typed::Tell { peer, .. } | Typed::Send { peer, .. } | Typed::Close(peer) => peer,
            Typed::Reply(_) => {
                return self.people.whisperer().map(|_| Destination::Server);
            }
            Typed::Whisper { .. } | Typed::Ask(_) | Typed::Accept(_) | Typed::Deny(_) => {
                return Some(Destination::Server);
            }
            Typed::Nothing
            | Typed::Talk(_)
            | Typed::Cancel(_)
            | Typed::Ignore(_)
            | Typed::Name { .. }
            | Typed::Wire
            | Typed::Help
            | Typed::Quit => return None,
        };
        self.tunnel_to(peer).map(Destination::Tunnel)
    }

    fn can_go(&self, to: Destination, line: &str) -> bool {
        match to {
            Destination::Server => match self.phase {
                Phase::Talking { .. } => self.server.link.has_room(),
                // A command that needs a connection is refused.
                Phase::LoggingIn | Phase::Away => line.starts_with('/') && !line.starts_with("//"),
                Phase::Choosing | Phase::Leaving { .. } => false,
            },
            // On a connection that is shut the line is refused.
            Destination::Tunnel(id) => self
                .tunnels
                .get(&id)
                .is_none_or(|tunnel| tunnel.shut || tunnel.has_room()),
        }
    }

    /// Carries out a line. A refused message is kept, so that the user can send it again.
    fn carry(&mut self, to: Option<Destination>, typed: &Typed) -> Result<(), Ending> {
        let is_said = matches!(
            typed,
            Typed::Say(_) | Typed::Tell { .. } | Typed::Whisper { .. } | Typed::Reply(_)
        );
        // The exit code depends on whether any line was refused, so the flag is restored below.
        if !is_said {
            return self.typed(typed);
        }
        let refused_before = std::mem::take(&mut self.refused_a_line);
        match (to, typed) {
            (Some(Destination::Tunnel(id)), Typed::Say(text) | Typed::Tell { text, .. }) => {
                self.write_to(id, text);
            }
            (Some(Destination::Server), Typed::Say(text)) => self.say(text)?,
            _ => self.typed(typed)?,
        }
        if self.refused_a_line
            && let Some(line) = self.said_again(to, typed)
        {
            self.keep_unsaid(&line);
        }
        self.refused_a_line |= refused_before;
        Ok(())
    }

    /// Returns the line to type to send the same message again.
    fn said_again(&self, to: Option<Destination>, typed: &Typed) -> Option<String> {
        let to_peer = |peer: &str, text: &str| match self.talking_to.as_deref() == Some(peer) {
            true => as_text(text),
            false => format!("/tell {} {text}", Name(peer)),
        };
        Some(match (to, typed) {
            (Some(Destination::Tunnel(id)), Typed::Say(text)) => {
                to_peer(&self.tunnels.get(&id)?.peer, text)
            }
            (_, Typed::Tell { peer, text }) => to_peer(peer, text),
            (_, Typed::Say(text)) => as_text(text),
            (_, Typed::Whisper { to, text }) => format!("/msg {} {text}", Name(to)),
            (_, Typed::Reply(text)) => format!("/reply {text}"),
            _ => return None,
        })
    }

    fn keep_unsaid(&mut self, line: &str) {
        if self.output.terminal().is_some() {
            if !self.unsaid.is_empty() {
                self.unsaid.push('\n');
            }
            self.unsaid.push_str(line);
        }
    }

    /// Puts refused lines on the line that the user is typing, unless it has text. With `goes_on`, a line feed follows, because
    /// the rest of a paste may follow.
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
        let can_go = |to: Destination| {
            let line = self.held.first(to);
            line.is_some_and(|line| self.can_go(to, line))
        };
        self.held.destinations().find(|to| can_go(*to))
    }

    /// True if there is room for a waiting line.
    pub(super) fn has_room_for_held(&self) -> bool {
        self.next_held().is_some()
    }

    /// Sends waiting lines while there is room, then leaves if the user wanted to.
    pub(super) fn send_held(&mut self) -> Result<(), Ending> {
        if self.held.is_empty() && self.quitting.is_none() {
            return Ok(());
        }
        for _ in 0..AT_ONCE {
            let Some(to) = self.next_held() else {
                break;
            };
            let Some(line) = self.held.pop(to) else {
                break;
            };
            if let Ok(typed) = Typed::parse(&line) {
                let typed = typed.meaning(|name| self.dialogue.known_as(name));
                self.carry(Some(to), &typed)?;
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

    /// Stops sending to a peer that has stopped sending, after all waiting lines for it were sent.
    pub(super) fn shut_if_both_are_done(&mut self, id: TunnelId) {
        let nothing_waits = self.held.first(Destination::Tunnel(id)).is_none();
        let peer_ended = |tunnel: &Tunnel| tunnel.ended && !tunnel.shut;
        if nothing_waits
            && self.output.is_for_a_person()
            && self.tunnels.get(&id).is_some_and(peer_ended)
        {
            self.shut_tunnel(id);
        }
    }

    /// The private connection has closed: the lines that wait for it cannot be sent.
    pub(super) fn give_up_held(&mut self, id: TunnelId, peer: &str) {
        let Some((count, text)) = self.held.take(Destination::Tunnel(id)) else {
            return;
        };
        self.refuse(&format!(
            "{} for {} {} not sent",
            lines(count),
            Name(peer),
            was_or_were(count)
        ));
        for line in text.lines() {
            let line = match Typed::parse(line) {
                // Always with the peer's name, because the text was for this peer only.
                Ok(Typed::Say(text)) => format!("/tell {} {text}", Name(peer)),
                _ => line.to_owned(),
            };
            self.keep_unsaid(&line);
        }
        self.give_back(true);
    }
}

/// Returns the line to type for a text: a leading slash is doubled.
fn as_text(text: &str) -> String {
    match text.starts_with('/') {
        true => format!("/{text}"),
        false => text.to_owned(),
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
