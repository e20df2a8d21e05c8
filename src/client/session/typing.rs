//! Typed lines: carries out messages and commands.

use super::{Phase, Session};
use crate::ending::Ending;
use crate::escape::{Escaped, Name};
use crate::face::show;
use crate::private::requests::Asker;
use crate::typing::input::InputLine;
use crate::typing::typed::{HELP, Typed};
use matou_protocols::dialogue::{Action, Event, Intent, Refusal};

impl Session {
    pub(super) fn line(&mut self, line: InputLine) -> Result<(), Ending> {
        match line {
            InputLine::Text(text) => self.enter(&text),
            InputLine::Unusable(reason) => {
                self.refuse(reason);
                Ok(())
            }
            InputLine::Failed(reason) => {
                self.refuse(&format!("cannot read standard input: {reason}"));
                Ok(())
            }
        }
    }

    /// Carries out a line that needs no room, or for which there is room.
    pub(super) fn typed(&mut self, typed: &Typed) -> Result<(), Ending> {
        match typed {
            Typed::Nothing => Ok(()),
            Typed::Say(text) => match self.talking_to.clone() {
                Some(peer) => {
                    self.write_to_tunnel(&peer, text);
                    Ok(())
                }
                None => self.say(text),
            },
            Typed::Whisper { to, text } => self.whisper(to, text),
            Typed::Reply(text) => match self.people.whisperer().map(str::to_owned) {
                Some(to) => self.whisper(&to, text),
                None => {
                    self.refuse("nobody has sent you a private message yet; use /msg NAME TEXT");
                    Ok(())
                }
            },
            Typed::Ask(peer) => {
                self.people.meet(peer);
                let sent = self.sends(Intent::Ask { peer })?;
                if sent {
                    self.requests.add(peer, Asker::We);
                    self.output.aside(|paint| {
                        format!("-- asked {} for a private connection", paint.name(peer))
                    });
                }
                Ok(())
            }
            Typed::Accept(peer) => match self.dialogue.intend(Intent::Accept { peer }) {
                Err(Refusal::NotAsked { .. }) if self.answer_offer(peer, true) => Ok(()),
                outcome => self.answered(peer, outcome),
            },
            Typed::Deny(peer) => match self.dialogue.intend(Intent::Deny { peer }) {
                Err(Refusal::NotAsked { .. }) if self.answer_offer(peer, false) => Ok(()),
                outcome => self.answered(peer, outcome),
            },
            Typed::Send { peer, path } => {
                self.look_at_file(peer, path);
                Ok(())
            }
            Typed::Cancel(peer) => {
                self.cancel_file(peer);
                Ok(())
            }
            Typed::Close(peer) => self.intend(Intent::Close { peer }),
            Typed::Tell { peer, text } => {
                self.write_to_tunnel(peer, text);
                Ok(())
            }
            Typed::Talk(peer) => {
                self.talk_to(peer.as_deref());
                Ok(())
            }
            Typed::Ignore(name) => {
                self.ignore(name.as_deref());
                Ok(())
            }
            Typed::Name { peer, name } => self.name(peer, name),
            Typed::Wire => {
                self.toggle_wire();
                Ok(())
            }
            Typed::Help => {
                self.output.help(HELP);
                Ok(())
            }
            Typed::Quit => {
                self.quit();
                Ok(())
            }
        }
    }

    /// Sends a message to everyone.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Ending> {
        let sent = self.sends(Intent::Say { text })?;
        if sent && !self.dialogue.hears_itself() {
            let own = Event::Said {
                from: self.options.address.login.clone(),
                text: text.to_owned(),
            };
            self.output.aside(|paint| show::painted(&own, paint));
        }
        Ok(())
    }

    fn answered(
        &mut self,
        peer: &str,
        outcome: Result<Vec<Action>, Refusal>,
    ) -> Result<(), Ending> {
        if outcome.is_ok() {
            self.requests.remove(peer);
        }
        self.carry_out(outcome).map(|_| ())
    }

    fn whisper(&mut self, to: &str, text: &str) -> Result<(), Ending> {
        self.people.meet(to);
        if self.sends(Intent::Whisper { to, text })? {
            self.output.aside(|paint| {
                let (left, right) = (paint.faint(&"*to "), paint.faint(&"*"));
                format!("{left}{}{right} {}", paint.name(to), Escaped(text))
            });
        }
        Ok(())
    }

    /// Sets the receiver of the following lines.
    pub(super) fn talk_to(&mut self, peer: Option<&str>) {
        if let Some(peer) = peer
            && self.tunnel_to(peer).is_none()
        {
            let peer = peer.to_owned();
            self.refuse(&Refusal::NoTunnel { peer }.to_string());
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

    pub(super) fn intend(&mut self, intent: Intent<'_>) -> Result<(), Ending> {
        self.sends(intent).map(|_| ())
    }

    /// Carries out an intent. Returns false if it was refused; the user has been told.
    pub(super) fn sends(&mut self, intent: Intent<'_>) -> Result<bool, Ending> {
        let outcome = self.dialogue.intend(intent);
        self.carry_out(outcome)
    }

    pub(super) fn carry_out(
        &mut self,
        outcome: Result<Vec<Action>, Refusal>,
    ) -> Result<bool, Ending> {
        match outcome {
            Ok(actions) => self.perform_all(actions).map(|()| true),
            Err(refusal) => {
                self.refuse(&refusal.to_string());
                Ok(false)
            }
        }
    }

    pub(super) fn input_ended(&mut self) {
        if self.options.stay {
            self.phase = Phase::Talking { input_ended: true };
        } else {
            self.quit();
        }
    }

    pub(super) fn refuse(&mut self, reason: &str) {
        self.refused_a_line = true;
        self.output.remark(&Escaped(reason).to_string());
    }

    pub(super) fn leave_as_wanted(&mut self) {
        self.leave_patiently(if self.refused_a_line && self.options.script {
            Ending::LinesRefused
        } else {
            Ending::InOrder
        });
    }
}
