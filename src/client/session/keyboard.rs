//! Keys, and the rows at the bottom of the terminal.

use crossbeam_channel::{TryRecvError, never};

use super::holding::lines;
use super::{Phase, Session};
use crate::ending::Ending;
use crate::escape::Name;
use crate::face::terminal::{Key, Known, Outcome, TypedLine};
use crate::signals::suspend_all;
use crate::typing::typed::COMMANDS;

impl Session {
    pub(super) fn keys_came(&mut self) -> Result<(), Ending> {
        let bytes = match self.keys.try_recv() {
            Ok(bytes) => bytes,
            Err(TryRecvError::Empty) => return Ok(()),
            Err(TryRecvError::Disconnected) => {
                // The terminal was closed.
                self.keys = never();
                self.leave_as_wanted();
                return Ok(());
            }
        };
        let keys = match self.output.terminal() {
            Some(terminal) => terminal.decode(&bytes),
            None => return Ok(()),
        };
        // After Enter, a person needs some time to press the next key. So if other keys arrive in the same read as Enter,
        // the text was pasted.
        let enters = keys.iter().filter(|key| **key == Key::Enter).count();
        let alone = enters == 1 && keys.last() == Some(&Key::Enter);
        for key in keys {
            let line = self.typed_line();
            let known = Known {
                commands: COMMANDS,
                names: self.people.names(),
            };
            let Some(terminal) = self.output.terminal() else {
                return Ok(());
            };
            let outcome = terminal.press(line, key, &known);
            self.pressed(outcome, alone)?;
        }
        self.give_back(!alone);
        Ok(())
    }

    fn pressed(&mut self, outcome: Outcome, alone: bool) -> Result<(), Ending> {
        match outcome {
            Outcome::Edited | Outcome::Bell | Outcome::ClearScreen => Ok(()),
            Outcome::Submitted(text) => self.submitted(&text, alone),
            Outcome::TooMuch => {
                self.refuse("the paste is larger than 16 MiB; the rest was dropped");
                Ok(())
            }
            Outcome::NotUtf8 => {
                self.refuse(
                    "the line is not UTF-8; replace each \u{fffd}, and set your terminal to UTF-8",
                );
                Ok(())
            }
            Outcome::Next => {
                self.next_conversation();
                Ok(())
            }
            Outcome::Interrupted | Outcome::Ended => self.interrupted(),
            Outcome::Suspended => {
                self.suspend();
                Ok(())
            }
        }
    }

    /// Handles a submitted text, which may have several lines. `alone` is true if Enter was pressed only once and no key
    /// followed it in the same read.
    fn submitted(&mut self, text: &str, alone: bool) -> Result<(), Ending> {
        if matches!(self.phase, Phase::Leaving { .. }) {
            return Ok(());
        }
        if self.typed_line() == TypedLine::Login {
            if text.contains('\n') {
                self.refuse("a login must be a single line");
                return Ok(());
            }
            return self.log_in_as(text);
        }
        let for_everybody = self.talking_to.is_none() && !text.starts_with('/');
        let is_away = matches!(self.phase, Phase::Away | Phase::LoggingIn);
        if is_away && for_everybody && alone && self.held.is_empty() {
            if !text.is_empty() {
                self.refuse("not connected; press Enter again after the client has reconnected");
                self.suggest(text);
            }
            return Ok(());
        }
        text.split('\n').try_for_each(|line| self.enter(line))
    }

    pub(super) fn suggest(&mut self, text: &str) {
        if let Some(terminal) = self.output.terminal() {
            terminal.suggest(text);
        }
    }

    /// Switches to the next conversation. The order is: everyone, then each private connection, then everyone again.
    fn next_conversation(&mut self) {
        let mut peers: Vec<_> = self
            .private
            .iter()
            .filter(|(_, tunnel)| tunnel.can_send())
            .map(|(_, tunnel)| tunnel.peer.clone())
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

    /// Suspends the program. The signal thread restores the terminal and stops the program. When the program runs again, it
    /// paints everything again.
    fn suspend(&mut self) {
        if !suspend_all() {
            self.output
                .remark("cannot suspend: no shell with job control started this program");
        }
    }

    pub(super) fn resumed(&mut self) {
        // The channel may be empty, because the event that led to this call is only a hint.
        let _ = self.signals.resumed.try_recv();
        if let Some(terminal) = self.output.terminal() {
            terminal.resumed();
        }
    }

    pub(super) fn resized(&mut self) {
        // The channel may be empty, because the event that led to this call is only a hint.
        let _ = self.signals.resized.try_recv();
        if let Some(terminal) = self.output.terminal() {
            terminal.resized();
        }
    }

    pub(super) fn ring(&mut self) {
        if !self.options.bell {
            return;
        }
        self.output.ring();
    }

    /// Paints everything that has changed.
    pub(super) fn paint(&mut self) {
        if self.output.terminal().is_none() {
            return;
        }
        let prompt = self.prompt();
        let mut above = self.progress_rows();
        above.push(self.status());
        self.output.flush(&above, &prompt, self.typed_line());
    }

    /// Returns which line the keys change in this phase: the draft or the login.
    fn typed_line(&self) -> TypedLine {
        match self.phase {
            Phase::Choosing => TypedLine::Login,
            _ => TypedLine::Draft,
        }
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
            Phase::Talking { .. } if self.quitting.is_some() => "  leaving",
            Phase::Talking { .. } => "",
            Phase::Leaving { .. } => "  leaving",
        };
        if !self.held.is_empty() {
            row += &format!("  [{} to be sent]", lines(self.held.count()));
        }
        for (peer, state) in self.private.requests.shown() {
            row += &format!("  [{} {state}]", Name(peer));
        }
        for (_, tunnel) in self.private.iter() {
            row += &format!("  [{} {}]", Name(&tunnel.peer), tunnel.state());
        }
        // The row is not padded to the full width, because a padded row would wrap when the window becomes narrower.
        match self.output.paint() {
            Some(paint) => paint.bar(&format!("{row} ")),
            None => row,
        }
    }
}
