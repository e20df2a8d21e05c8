//! Reconnecting: what the loop does after it has lost the connection to the server. The loop reconnects for a person, and
//! for a script with `--reconnect`.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::holding::{lines, was_or_were};
use super::stalls::with_unsent;
use super::typing::Outcome;
use super::{Phase, Server, Session};
use crate::ending::Ending;
use crate::escape::Escaped;
use crate::reach::Reached;
use crate::reach::connect;
use crate::refused::{LikelyReasons, another};
use crate::typing::held::Destination;
use matou_protocols::dialogue::Intent;

/// The pause before the first attempt to reconnect. Each further pause is twice as long as the previous pause.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Maximum pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A lost connection.
#[derive(Debug)]
pub(super) struct Loss {
    since: Instant,
    at: jiff::Zoned,
    /// The pause before the next attempt.
    pause: Duration,
    connecting: Option<Receiver<io::Result<Reached>>>,
    /// The time at which the server first refused the login after the connection was lost.
    refused_since: Option<Instant>,
    /// True if standard input had already ended when the connection was lost.
    input_ended: bool,
    /// True if the client was already leaving (after `/quit` or the end of its input) when the connection was lost. Then it
    /// leaves as soon as it has reconnected and has sent the waiting lines.
    leaves: bool,
}

impl Loss {
    /// Returns the channel on which the outcome of the current attempt arrives.
    pub(super) fn connecting(&self) -> Option<&Receiver<io::Result<Reached>>> {
        self.connecting.as_ref()
    }

    /// True if standard input had already ended when the connection was lost.
    pub(super) fn input_ended(&self) -> bool {
        self.input_ended
    }

    /// True if the user wants to leave as soon as all lines are sent.
    pub(super) fn leaves(&self) -> bool {
        self.leaves
    }

    /// Records that the server refused the login. If the time limit allows another attempt, returns true.
    fn may_try_again(&mut self, now: Instant, limit: Duration) -> bool {
        let since = *self.refused_since.get_or_insert(now);
        now + self.pause < since + limit
    }
}

impl Session {
    /// True if the client tries a refused login again. After a lost connection, the server often does not notice at once
    /// that this client's old connection has ended. Until the server notices this, the login is in use.
    pub(super) fn tries_login_again(&mut self) -> bool {
        let chooses = self.dialogue.chooses_its_login();
        let limit = self.options.retry_login;
        let loss = self.loss.as_mut();
        loss.is_some_and(|loss| loss.may_try_again(Instant::now(), limit) || !chooses)
    }

    /// Handles a lost connection. In a script without `--reconnect`, or if the client was never logged in, the chat ends.
    /// Otherwise the client reconnects, and then sends the lines that it could not send before.
    pub(super) fn lose(&mut self, reason: String) -> Result<(), Ending> {
        let unsent = self.server.link.abandon();
        let lost = self.sent.lose(self.server.link.written(), Instant::now());
        let was_in = matches!(self.phase, Phase::Talking { .. }) || self.loss.is_some();
        let reconnects = self.output.is_for_a_person() || self.options.reconnect;
        let leaves = self.leaves_by_itself();
        if reconnects {
            self.tell_doubt(&lost);
        }
        let something_waits = !lost.unsent.is_empty() || !self.held.is_empty();
        let goes_on = match leaves {
            true => self.options.reconnect && self.options.script && something_waits,
            false => reconnects && was_in,
        };
        if !goes_on {
            return Err(Ending::Lost(match self.held.count() {
                0 => with_unsent(reason, unsent),
                count => {
                    let reason = with_unsent(reason, unsent);
                    format!("{reason}; {} {} not sent", lines(count), was_or_were(count))
                }
            }));
        }
        let reason = match lost.unsent.len() {
            0 => reason,
            count => {
                let lines = lines(count);
                format!("{reason}; {lines} will be sent after the client has reconnected")
            }
        };
        self.held.put_back(Destination::Server, lost.unsent);
        self.quitting = None;
        self.server.ended = true;
        self.dialogue.disconnected();
        let input_ended = matches!(self.phase, Phase::Talking { input_ended: true });
        self.loss.get_or_insert_with(|| Loss {
            since: Instant::now(),
            at: jiff::Zoned::now(),
            pause: FIRST_PAUSE,
            connecting: None,
            refused_since: None,
            input_ended,
            leaves,
        });
        self.private.requests.clear();
        self.give_up_opening()?;
        self.phase = Phase::Away;
        self.pause(&reason);
        Ok(())
    }

    /// True if the client is leaving after the end of its input or after `/quit`. False after a signal, which says that the
    /// client must not send more.
    fn leaves_by_itself(&self) -> bool {
        let patient = matches!(
            self.phase,
            Phase::Leaving {
                patience: Some(_),
                ..
            }
        );
        patient || self.quitting.is_some()
    }

    fn pause(&mut self, reason: &str) {
        let Some(loss) = &mut self.loss else {
            return;
        };
        let pause = loss.pause;
        loss.pause = (pause * 2).min(LONGEST_PAUSE);
        self.deadline = Some(Instant::now() + pause);
        let seconds = pause.as_secs();
        self.output
            .remark(&format!("{}; trying again in {seconds} s", Escaped(reason)));
    }

    pub(super) fn try_again(&mut self) {
        let Some(loss) = &mut self.loss else {
            return;
        };
        let route = self.route.clone();
        // If the chosen local port is not available, the client connects from another port.
        let connecting = connect::in_background(move || Ok(route.connect_from_any_port()?.0));
        loss.connecting = Some(connecting);
        self.deadline = None;
    }

    pub(super) fn reconnected(&mut self) -> Result<(), Ending> {
        let outcome = self
            .loss
            .as_mut()
            .and_then(|loss| loss.connecting.take())
            .and_then(|connecting| connecting.try_recv().ok());
        let Some(outcome) = outcome else {
            return Ok(());
        };
        match outcome {
            Ok(reached) => {
                self.dialogue.reached(reached.address, reached.own_address);
                self.server = Server::new(reached);
                self.phase = Phase::LoggingIn;
                self.deadline = Some(Instant::now() + self.options.connect_timeout);
                let login = self.options.address.login.clone();
                self.intend(Intent::LogIn { login: &login })?;
                Ok(())
            }
            Err(error) => {
                self.pause(&format!("cannot connect: {error}"));
                Ok(())
            }
        }
    }

    /// After the client has logged in again, tells the user that messages may have been missed.
    pub(super) fn back(&mut self) {
        let Some(loss) = self.loss.take() else {
            return;
        };
        let seconds = loss.since.elapsed().as_secs().max(1);
        let (from, to) = (loss.at, jiff::Zoned::now());
        self.output.remark(&format!(
            "connected again after {seconds} s: you missed the messages between {} and {}, and earlier requests for \
             private connections are no longer valid",
            from.strftime("%H:%M:%S"),
            to.strftime("%H:%M:%S"),
        ));
    }

    /// Asks the user for another login, after the server refused this one.
    pub(super) fn choose_another(&mut self, refused: &str) -> Result<(), Ending> {
        // The user typed these lines before the client asked for another login, so they are not the answer.
        while let Ok(line) = self.lines.try_recv() {
            self.line(line)?;
        }
        self.phase = Phase::Choosing;
        self.deadline = None;
        let (proposal, remark) = match self.loss {
            Some(_) => (
                refused.to_owned(),
                "perhaps the server has not noticed yet that the old connection is lost; press Enter to try again, or choose another login"
                    .to_owned(),
            ),
            None => {
                let reasons = LikelyReasons(refused);
                let remark = format!("{reasons}; choose another login and press Enter");
                (another(refused), remark)
            }
        };
        self.output.remark(&remark);
        if let Some(terminal) = self.output.terminal() {
            terminal.propose_login(&proposal);
        }
        Ok(())
    }

    pub(super) fn log_in_as(&mut self, typed: &str) -> Result<(), Ending> {
        let login = typed.trim();
        match login {
            "" => Ok(()),
            "/quit" => {
                self.leave_as_wanted();
                Ok(())
            }
            _ => {
                self.phase = Phase::LoggingIn;
                self.deadline = Some(Instant::now() + self.options.connect_timeout);
                if self.intend(Intent::LogIn { login })? == Outcome::Refused {
                    self.phase = Phase::Choosing;
                    self.deadline = None;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_is_tried_again_for_some_minutes() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let limit = Duration::from_secs(180);
        let mut loss = Loss {
            since: begin,
            at: jiff::Zoned::now(),
            pause: LONGEST_PAUSE,
            connecting: None,
            refused_since: None,
            input_ended: false,
            leaves: false,
        };
        // The time limit starts with the first refusal, not with the loss: the server may have been unreachable for hours
        // before the first refusal.
        assert!(loss.may_try_again(after(9000), limit));
        assert!(loss.may_try_again(after(9060), limit));
        assert!(!loss.may_try_again(after(9120), limit));
    }
}
