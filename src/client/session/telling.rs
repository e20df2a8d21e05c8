//! Events of the dialogue: shows them, and reacts to them.

use super::{Loss, Phase, Session};
use crate::ending::Ending;
use crate::typing::input;
use matou_protocols::dialogue::{Event, Intent};

impl Session {
    pub(super) fn tell(&mut self, event: &Event) -> Result<(), Ending> {
        if let Event::Said { from, text } = event
            && *from == self.options.address.login
        {
            self.sent.heard(text);
        }
        if !self.people.hear(event) {
            return Ok(());
        }
        self.private.requests.hear(event);
        self.output.show(event);
        match event {
            Event::LoggedIn { login } => {
                self.output.set_own_name(login);
                login.clone_into(&mut self.options.address.login);
                self.logged_in()
            }
            Event::LoginRefused { login, reason } => {
                if self.tries_login_again() {
                    let reason =
                        "perhaps the server has not noticed yet that the old connection is lost";
                    return self.lose(reason.into());
                }
                // If the password is wrong, choosing another login does not help. But when the client reconnects, the
                // password is not the reason for the refusal, because the server has already accepted it.
                let has_password = self.options.password.is_some() && self.loss.is_none();
                let chooses = self.dialogue.chooses_its_login();
                if self.output.is_for_a_person() && !has_password && chooses {
                    return self.choose_another(login);
                }
                let (login, reason) = (login.clone(), reason.clone());
                self.leave(Ending::LoginRefused { login, reason });
                Ok(())
            }
            Event::Whispered { .. } => {
                self.ring();
                Ok(())
            }
            Event::Asked { peer } => self.asked(peer),
            Event::Denied { peer } => {
                self.denied(peer);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn logged_in(&mut self) -> Result<(), Ending> {
        if !matches!(self.phase, Phase::LoggingIn) {
            return Ok(());
        }
        self.deadline = None;
        // With --tunnel, standard input belongs to the private connection, so no lines will arrive from it.
        let input_ended = match &self.loss {
            Some(loss) => loss.input_ended(),
            None => self.options.tunnel.is_some(),
        };
        self.phase = Phase::Talking { input_ended };
        if self.output.is_for_a_person() || self.loss.is_some() {
            let leaves = self.loss.as_ref().is_some_and(Loss::leaves);
            self.back();
            if leaves {
                self.quit();
            }
            return Ok(());
        }
        match &self.options.tunnel {
            None => {
                self.lines = input::lines()
                    .map_err(|error| Ending::Lost(format!("cannot start: {error}")))?;
                Ok(())
            }
            Some(wish) if wish.wait => Ok(()),
            Some(wish) => {
                let ask = Intent::Ask { peer: &wish.peer };
                match self.dialogue.intend(ask) {
                    Ok(actions) => self.perform_all(actions),
                    Err(refusal) => Err(Ending::Usage(refusal.to_string())),
                }
            }
        }
    }
}
