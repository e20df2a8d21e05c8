//! Reconnecting: what the loop does when the connection is lost and a person uses the client.

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
use matou_protocols::dialogue::Intent;

/// The pause before the first attempt. Each pause is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Maximum pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A lost connection.
#[derive(Debug)]
pub(super) struct Loss {
    since: Instant,
    at: jiff::Zoned,
    /// The next pause.
    pause: Duration,
    connecting: Option<Receiver<io::Result<Reached>>>,
}

impl Loss {
    /// Returns the channel for the outcome of the current attempt.
    pub(super) fn connecting(&self) -> Option<&Receiver<io::Result<Reached>>> {
        self.connecting.as_ref()
    }
}

impl Session {
    /// Handles a lost connection. A script ends, and so does a client that was never logged in. Others reconnect.
    pub(super) fn lose(&mut self, reason: String) -> Result<(), Ending> {
        let reason = with_unsent(reason, self.server.link.unsent());
        self.server.link.abandon();
        let was_in = matches!(self.phase, Phase::Talking { .. }) || self.loss.is_some();
        if !self.output.is_for_a_person() || !was_in || self.quitting.is_some() {
            return Err(Ending::Lost(match self.held.count() {
                0 => reason,
                count => format!("{reason}; {} {} not sent", lines(count), was_or_were(count)),
            }));
        }
        self.server.ended = true;
        self.dialogue.disconnected();
        self.loss.get_or_insert_with(|| Loss {
            since: Instant::now(),
            at: jiff::Zoned::now(),
            pause: FIRST_PAUSE,
            connecting: None,
        });
        self.private.requests.clear();
        self.give_up_opening()?;
        self.phase = Phase::Away;
        self.pause(&reason);
        Ok(())
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
        // A connection from another local port is better than none.
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

    /// Reports the gap after the client has logged in again.
    pub(super) fn back(&mut self) {
        let Some(loss) = self.loss.take() else {
            return;
        };
        let seconds = loss.since.elapsed().as_secs().max(1);
        let (from, to) = (loss.at, jiff::Zoned::now());
        self.output.remark(&format!(
            "back after {seconds} s: you missed the messages from {} to {}, and earlier requests for private connections are \
             no longer valid",
            from.strftime("%H:%M:%S"),
            to.strftime("%H:%M:%S"),
        ));
    }

    /// Asks the user for another login, after the server refused this one.
    pub(super) fn choose_another(&mut self, refused: &str) {
        self.phase = Phase::Choosing;
        self.deadline = None;
        // After a lost connection the login is usually in use by our own old connection, whose end the server has not noticed.
        let (proposal, remark) = match self.loss {
            Some(_) => (
                refused.to_owned(),
                "the server may not have noticed the lost connection; press Enter to try again, or choose another login",
            ),
            None => (
                format!("{refused}_"),
                "it may be in use; choose another login and press Enter",
            ),
        };
        self.output.remark(remark);
        if let Some(terminal) = self.output.terminal() {
            terminal.propose_login(&proposal);
        }
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
