//! Typed lines: carries out messages and commands.

use super::{Phase, Session};
use crate::ending::Ending;
use crate::escape::{Escaped, Name};
use crate::face::show;
use crate::private::Asker;
use crate::typing::input::{InputLine, NumberedLine};
use crate::typing::typed::{HELP, Typed};
use matou_protocols::dialogue::{Action, Event, Intent, Refusal};

/// The outcome of a typed line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// The line had no effect, and the user was told why.
    Refused,
}

impl Session {
    pub(super) fn line(&mut self, line: NumberedLine) -> Result<(), Ending> {
        let NumberedLine { number, line } = line;
        self.line_number = self.options.script.then_some(number);
        let done = match line {
            InputLine::Text(text) => self.enter(&text),
            InputLine::Unusable(reason) => {
                self.refuse(reason);
                Ok(())
            }
            InputLine::Failed(reason) => {
                self.line_number = None;
                self.refuse(&format!("cannot read standard input: {reason}"));
                Ok(())
            }
        };
        self.line_number = None;
        done
    }

    /// Carries out a line. If the line needs a connection, call this function only when this connection can accept the line.
    pub(super) fn typed(&mut self, typed: &Typed) -> Result<Outcome, Ending> {
        match typed {
            Typed::Say(text) => return self.say(text),
            Typed::Whisper { to, text } => return self.whisper(to, text),
            Typed::Reply(_) => {
                let nobody = "nobody has sent you a private message yet; use /msg NAME TEXT";
                return Ok(self.refuse(nobody));
            }
            Typed::Ask(peer) => return self.ask(peer),
            Typed::Accept(peer) => return self.answer(peer, Intent::Accept { peer }),
            Typed::Deny(peer) => return self.answer(peer, Intent::Deny { peer }),
            Typed::Close(peer) => return self.intend(Intent::Close { peer }),
            // This case means that no private connection with this peer exists: otherwise the line would have been sent on
            // it.
            Typed::Tell { peer, .. } => return Ok(self.refuse_without_tunnel(peer)),
            Typed::Name { peer, name } => return self.name(peer, name),
            Typed::Nothing => {}
            Typed::Send { peer, path } => self.look_at_file(peer, path),
            Typed::Cancel(peer) => self.cancel_file(peer),
            Typed::Talk(peer) => self.talk_to(peer.as_deref()),
            Typed::Ignore(name) => self.ignore(name.as_deref()),
            Typed::Wire => self.toggle_wire(),
            Typed::Help => self.output.help(HELP),
            Typed::Quit => self.quit(),
        }
        Ok(Outcome::Done)
    }

    /// Sends a message to everyone.
    fn say(&mut self, text: &str) -> Result<Outcome, Ending> {
        let outcome = self.intend(Intent::Say { text })?;
        if outcome == Outcome::Done && !self.dialogue.hears_itself() {
            let own = Event::Said {
                from: self.options.address.login.clone(),
                text: text.to_owned(),
            };
            self.output.aside(|paint| show::painted(&own, paint));
        }
        Ok(outcome)
    }

    fn whisper(&mut self, to: &str, text: &str) -> Result<Outcome, Ending> {
        self.people.meet(to);
        let outcome = self.intend(Intent::Whisper { to, text })?;
        if outcome == Outcome::Done {
            self.output.aside(|paint| {
                let (left, right) = (paint.faint(&"*to "), paint.faint(&"*"));
                format!("{left}{}{right} {}", paint.name(to), Escaped(text))
            });
        }
        Ok(outcome)
    }

    fn ask(&mut self, peer: &str) -> Result<Outcome, Ending> {
        self.people.meet(peer);
        let outcome = self.intend(Intent::Ask { peer })?;
        if outcome == Outcome::Done {
            self.private.requests.add(peer, Asker::We);
            self.output
                .aside(|paint| format!("-- asked {} for a private connection", paint.name(peer)));
        }
        Ok(outcome)
    }

    /// Answers the peer's request for a private connection. If there is no request, answers the peer's offer of a file.
    fn answer(&mut self, peer: &str, intent: Intent<'_>) -> Result<Outcome, Ending> {
        let accept = matches!(intent, Intent::Accept { .. });
        match self.dialogue.intend(intent) {
            Err(Refusal::NotAsked { .. }) if self.answer_offer(peer, accept) => Ok(Outcome::Done),
            outcome => {
                if outcome.is_ok() {
                    self.private.requests.remove(peer);
                }
                self.carry_out(outcome)
            }
        }
    }

    /// Sets the receiver of the following lines.
    pub(super) fn talk_to(&mut self, peer: Option<&str>) {
        if let Some(peer) = peer
            && self.private.to(peer).is_none()
        {
            self.refuse_without_tunnel(peer);
            return;
        }
        self.talking_to = peer.map(str::to_owned);
        self.output.aside(|paint| match peer {
            Some(peer) => format!("-- what you type is sent to {} only", paint.name(peer)),
            None => "-- what you type is sent to everyone".into(),
        });
    }

    fn ignore(&mut self, name: Option<&str>) {
        let remark = match name {
            Some(name) if self.people.toggle_ignored(name) => {
                format!(
                    "messages from {} are hidden; type /ignore {0} to show them again",
                    Name(name)
                )
            }
            Some(name) => format!("messages from {} are shown again", Name(name)),
            None => {
                let names: Vec<_> = self
                    .people
                    .ignored()
                    .map(|name| Name(name).to_string())
                    .collect();
                match names.len() {
                    0 => "no names are hidden".into(),
                    _ => format!("hidden: {}", names.join(" ")),
                }
            }
        };
        self.output.remark(&remark);
    }

    /// Carries out an intent. If the dialogue refuses the intent, tells the user why.
    pub(super) fn intend(&mut self, intent: Intent<'_>) -> Result<Outcome, Ending> {
        let outcome = self.dialogue.intend(intent);
        self.carry_out(outcome)
    }

    pub(super) fn carry_out(
        &mut self,
        outcome: Result<Vec<Action>, Refusal>,
    ) -> Result<Outcome, Ending> {
        match outcome {
            Ok(actions) => self.perform_all(actions).map(|()| Outcome::Done),
            Err(refusal) => Ok(self.refuse(&refusal.to_string())),
        }
    }

    pub(super) fn input_ended(&mut self) {
        if self.options.stay {
            self.phase = Phase::Talking { input_ended: true };
        } else {
            self.quit();
        }
    }

    /// Tells the user why a line has no effect. In a script, the exit code also says that a line was refused.
    pub(super) fn refuse(&mut self, reason: &str) -> Outcome {
        self.refused_a_line = true;
        let place = match self.line_number {
            Some(number) => format!("line {number}: "),
            None => String::new(),
        };
        self.output.remark(&format!("{place}{}", Escaped(reason)));
        Outcome::Refused
    }

    pub(super) fn leave_as_wanted(&mut self) {
        self.leave_patiently(self.wanted_ending());
    }

    /// Returns the ending of a chat that ends as the user wanted.
    pub(super) fn wanted_ending(&self) -> Ending {
        match self.options.script {
            true if self.refused_a_line => Ending::LinesRefused,
            true if self.doubts_a_line => Ending::LinesInDoubt,
            _ => Ending::InOrder,
        }
    }
}
