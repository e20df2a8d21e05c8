//! What the loop does with a typed line.

use super::{Phase, Session};
use crate::client::input::Line;
use crate::client::output::diagnose;
use crate::client::typed::{HELP, Typed};
use crate::client::{Ending, escape::Escaped};
use crate::room::dialogue::Intent;

impl Session {
    pub(super) fn line(&mut self, line: Line) -> Result<(), Ending> {
        match line {
            Line::Text(text) => match Typed::parse(&text) {
                Ok(typed) => self.typed(&typed),
                Err(error) => {
                    self.refuse(&error.to_string());
                    Ok(())
                }
            },
            Line::Unusable(reason) => {
                self.refuse(reason);
                Ok(())
            }
            Line::Failed(reason) => {
                self.refuse(&format!("standard input cannot be read: {reason}"));
                Ok(())
            }
        }
    }

    fn typed(&mut self, typed: &Typed) -> Result<(), Ending> {
        match typed {
            Typed::Nothing => Ok(()),
            Typed::Say(text) => self.intend(Intent::Say { text }),
            Typed::Whisper { to, text } => self.intend(Intent::Whisper { to, text }),
            Typed::Ask(peer) => self.intend(Intent::Ask { peer }),
            Typed::Accept(peer) => self.intend(Intent::Accept { peer }),
            Typed::Deny(peer) => self.intend(Intent::Deny { peer }),
            Typed::Close(peer) => self.intend(Intent::Close { peer }),
            Typed::Tell { peer, text } => self.write_to_tunnel(peer, text),
            Typed::Help => {
                diagnose(&format!("each line is a message or a command\n{HELP}"));
                Ok(())
            }
            Typed::Quit => {
                self.leave_as_wanted();
                Ok(())
            }
        }
    }

    pub(super) fn intend(&mut self, intent: Intent<'_>) -> Result<(), Ending> {
        match self.dialogue.intend(intent) {
            Ok(actions) => self.perform_all(actions),
            Err(refusal) => {
                self.refuse(&refusal.to_string());
                Ok(())
            }
        }
    }

    pub(super) fn input_ended(&mut self) {
        if self.options.stay {
            self.phase = Phase::Talking { input_ended: true };
        } else {
            self.leave_as_wanted();
        }
    }

    pub(super) fn refuse(&mut self, reason: &str) {
        self.refused_a_line = true;
        diagnose(&Escaped(reason).to_string());
    }

    fn leave_as_wanted(&mut self) {
        self.leave(if self.refused_a_line && self.options.script {
            Ending::LinesRefused
        } else {
            Ending::InOrder
        });
    }
}
