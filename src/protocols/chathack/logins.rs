//! The two ways to become somebody: with the password of an account, or without one under a login that is nobody's.
//!
//! The accounts answer later than others go on: what was free when they were asked may be taken when they answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::room::{ConnId, Effects, check_name};
use crate::wire::Excerpt;

use super::connections::{Kind, Proposal, State};
use super::room::{MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES};
use super::{Answer, Question, Room, ServerFrame};

impl Room {
    /// Opcode 1. Who else is connected is not looked at before the password is known to be right: the answer would tell
    /// strangers who is.
    pub(super) fn log_in_with_password(
        &mut self,
        from: ConnId,
        login: &str,
        password: &str,
        now: Instant,
        out: &mut Effects,
    ) -> Option<Question> {
        if let Err(refused) = check_name(login, MAX_LOGIN_BYTES) {
            self.refuse_name(from, login, &refused.to_string(), out);
            return None;
        }
        let address = self.address(from)?;
        if password.len() > MAX_PASSWORD_BYTES || self.wrong_passwords.used_up(address, now) {
            self.refuse_password(from, login, out);
            return None;
        }
        self.propose(from, login, Kind::WithPassword);
        let (login, password) = (login.to_owned(), password.to_owned());
        Some(Question::IsRight { login, password })
    }

    /// Opcode 2.
    pub(super) fn log_in(
        &mut self,
        from: ConnId,
        login: &str,
        out: &mut Effects,
    ) -> Option<Question> {
        if let Err(refused) = check_name(login, MAX_LOGIN_BYTES) {
            self.refuse_name(from, login, &refused.to_string(), out);
            return None;
        }
        if self.roster.find(login).is_some() {
            self.already_exists(from, login, out);
            return None;
        }
        self.propose(from, login, Kind::WithoutPassword);
        let login = login.to_owned();
        Some(Question::IsAccount { login })
    }

    /// What the accounts say about the login that this connection proposed.
    pub(super) fn answered(
        &mut self,
        from: ConnId,
        answer: Answer,
        now: Instant,
        out: &mut Effects,
    ) {
        let state = self.connections.get(from).map(|it| &it.state);
        let Some(State::Proposed(proposal)) = state else {
            return;
        };
        let Proposal { login, kind } = proposal.clone();
        self.connections.enter(from, State::Anonymous);
        match (kind, answer) {
            // Others at its address have used up what it may try meanwhile: not even a right guess is told.
            (Kind::WithPassword, Answer::Yes) if self.used_up(from, now) => {
                self.refuse_password(from, &login, out);
            }
            (Kind::WithPassword, Answer::Yes) => self.accept(from, &login, out),
            (Kind::WithPassword, Answer::No) => {
                if let Some(address) = self.address(from) {
                    self.wrong_passwords.count(address, now);
                }
                self.refuse_password(from, &login, out);
            }
            (Kind::WithoutPassword, Answer::No) => self.accept(from, &login, out),
            (Kind::WithoutPassword, Answer::Yes) => self.already_exists(from, &login, out),
            (_, Answer::Unknown) => {
                out.remark(from, "closed: the accounts cannot be read");
                self.close(from, out);
            }
        }
    }

    /// ACK 3, unless somebody has the login by now.
    fn accept(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(address) = self.address(from) else {
            return;
        };
        let Ok(login) = self.roster.join(from, login, address) else {
            self.already_exists(from, login, out);
            return;
        };
        // In this order, so that nothing said by others comes before the answer.
        out.one(from, &ServerFrame::Connected);
        out.join(from, &login);
        self.connections.enter(from, State::Identified { login });
    }

    /// ACK 2.
    fn refuse_password(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        out.remark(
            from,
            format!("refused {:?}: no such login and password", Excerpt(login)),
        );
        self.refuse(from, ServerFrame::PasswordOrLoginError, out);
    }

    /// ACK 2.
    fn refuse_name(&mut self, from: ConnId, login: &str, why: &str, out: &mut Effects) {
        out.remark(
            from,
            format!("refused the login {:?}: {why}", Excerpt(login)),
        );
        self.refuse(from, ServerFrame::PasswordOrLoginError, out);
    }

    /// ACK 4.
    fn already_exists(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        out.remark(
            from,
            format!("refused the login {:?}: it is taken", Excerpt(login)),
        );
        self.refuse(from, ServerFrame::LoginAlreadyExists, out);
    }

    /// Another login may be tried, but not for ever.
    fn refuse(&mut self, from: ConnId, answer: ServerFrame<'_>, out: &mut Effects) {
        out.one(from, &answer);
        if self.connections.failed(from) >= self.options.failures_per_connection {
            out.remark(from, "closed: too many of its logins were refused");
            self.close(from, out);
        }
    }

    fn propose(&mut self, from: ConnId, login: &str, kind: Kind) {
        let login = Arc::from(login);
        self.connections
            .enter(from, State::Proposed(Proposal { login, kind }));
    }

    fn used_up(&self, from: ConnId, now: Instant) -> bool {
        self.address(from)
            .is_some_and(|address| self.wrong_passwords.used_up(address, now))
    }

    pub(super) fn address(&self, id: ConnId) -> Option<IpAddr> {
        self.connections
            .get(id)
            .map(|connection| connection.address)
    }
}
