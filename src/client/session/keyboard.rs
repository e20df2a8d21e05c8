//! What the loop does with keys, and what stands at the bottom of the terminal.

use crossbeam_channel::{TryRecvError, never};

use super::{Phase, Session};
use crate::Ending;
use crate::escape::Name;
use crate::input::Line;
use crate::terminal::{Known, Outcome, suspend};
use crate::typed::{COMMANDS, Typed};

impl Session {
    pub(super) fn keys_came(&mut self) -> Result<(), Ending> {
        let bytes = match self.keys.try_recv() {
            Ok(bytes) => bytes,
            Err(TryRecvError::Empty) => return Ok(()),
            Err(TryRecvError::Disconnected) => {
                // The terminal has gone.
                self.keys = never();
                self.leave_as_wanted();
                return Ok(());
            }
        };
        let keys = match self.output.terminal() {
            Some(terminal) => terminal.decode(&bytes),
            None => return Ok(()),
        };
        for key in keys {
            let known = Known {
                commands: COMMANDS,
                names: self.people.names(),
            };
            let Some(terminal) = self.output.terminal() else {
                return Ok(());
            };
            let outcome = terminal.press(key, &known);
            self.pressed(outcome)?;
        }
        Ok(())
    }

    fn pressed(&mut self, outcome: Outcome) -> Result<(), Ending> {
        match outcome {
            Outcome::Edited | Outcome::Bell | Outcome::ClearScreen => Ok(()),
            Outcome::Submitted(text) => self.submitted(&text),
            Outcome::Next => {
                self.next_conversation();
                Ok(())
            }
            Outcome::Interrupted | Outcome::Ended => self.interrupted(),
            Outcome::Suspended => self.suspended(),
        }
    }

    /// A pasted text may have several lines.
    fn submitted(&mut self, text: &str) -> Result<(), Ending> {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return Ok(());
        }
        let busy = self.server.link.blocked_on().is_some();
        if busy || matches!(self.phase, Phase::Away | Phase::LoggingIn) && !text.starts_with('/') {
            if !text.is_empty() {
                self.refuse(match busy {
                    true => "the server takes nothing at the moment; press Enter again in a while",
                    false => "not connected at the moment; press Enter again in a while",
                });
                self.suggest(text);
            }
            return Ok(());
        }
        let refused_before = std::mem::take(&mut self.refused_a_line);
        text.split('\n')
            .try_for_each(|line| self.line(Line::Text(line.to_owned())))?;
        // What was to be said can be shortened, or said again; a command that was wrong is in the history.
        let is_said = matches!(
            Typed::parse(text),
            Ok(Typed::Say(_) | Typed::Whisper { .. } | Typed::Reply(_) | Typed::Tell { .. })
        );
        if self.refused_a_line && is_said {
            self.suggest(text);
        }
        self.refused_a_line |= refused_before;
        Ok(())
    }

    fn suggest(&mut self, text: &str) {
        if let Some(terminal) = self.output.terminal() {
            terminal.suggest(text);
        }
    }

    /// From everybody to the first private connection, from there to the next, and from the last to everybody.
    fn next_conversation(&mut self) {
        let mut peers: Vec<_> = self
            .tunnels
            .values()
            .filter(|tunnel| tunnel.up && !tunnel.shut)
            .map(|tunnel| tunnel.peer.clone())
            .collect();
        peers.dedup();
        let here = self.talking_to.as_ref();
        let at = here.and_then(|here| peers.iter().position(|peer| peer == here));
        let next = match (here, at) {
            (None, _) => peers.first(),
            (Some(_), Some(at)) => peers.get(at + 1),
            (Some(_), None) => None,
        };
        if here.is_some() || next.is_some() {
            self.talk_to(next.cloned().as_deref());
        }
    }

    fn suspended(&mut self) -> Result<(), Ending> {
        let Some(terminal) = self.output.terminal() else {
            return Ok(());
        };
        let again = terminal.leave().and_then(|()| {
            suspend();
            terminal.enter()
        });
        again.map_err(Ending::Output)
    }

    pub(super) fn resized(&mut self) {
        // Only a hint, as everything that is waited for.
        let _ = self.signals.resized.try_recv();
        if let Some(terminal) = self.output.terminal() {
            terminal.resized();
        }
    }

    pub(super) fn ring(&mut self) {
        if !self.options.bell {
            return;
        }
        match self.output.terminal() {
            Some(terminal) => terminal.bell(),
            None => self.output.ring_plainly(),
        }
    }

    /// Shows what has changed since the last time.
    pub(super) fn paint(&mut self) {
        if self.output.terminal().is_none() {
            return;
        }
        let prompt = self.prompt();
        let mut above = self.progress_rows();
        above.push(self.status());
        self.output.flush(&above, &prompt);
    }

    fn prompt(&self) -> String {
        match (&self.phase, &self.talking_to) {
            (Phase::Choosing, _) => "login: ".into(),
            (_, Some(peer)) => format!("[{}] ", Name(peer)),
            (_, None) => "> ".into(),
        }
    }

    fn status(&self) -> String {
        let address = &self.options.address;
        let mut row = format!(
            " {} at {}:{} ({})",
            Name(&address.login),
            address.host,
            address.port,
            address.protocol.name()
        );
        row += match &self.phase {
            Phase::LoggingIn => "  logging in",
            Phase::Choosing => "  login refused",
            Phase::Away => "  not connected",
            Phase::Talking { .. } => "",
            Phase::Leaving { .. } => "  leaving",
        };
        for (peer, state) in self.requests.shown() {
            row += &format!("  [{} {state}]", Name(peer));
        }
        for tunnel in self.tunnels.values() {
            row += &format!("  [{} {}]", Name(&tunnel.peer), tunnel.state());
        }
        // Not padded to the full width: what is short does not wrap when the window becomes narrower.
        match self.output.paint() {
            Some(paint) => paint.bar(&format!("{row} ")),
            None => row,
        }
    }
}
