//! The two ways to become somebody: with the password of an account, or without one under a login that is nobody's.
//!
//! The accounts answer later than others go on: what was free when they were asked may be taken when they answer.

use std::sync::Arc;
use std::time::Instant;

use crate::room::{ConnId, Effects, Lifecycle, check_name};
use crate::wire::Excerpt;

use super::connections::{LoginKind, LoginStage, Proposal};
use super::room::{MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES};
use super::{Answer, Question, Room, ServerFrame};

/// A wrong password and an unknown login are told in the same words.
const NO_SUCH_ACCOUNT: &str = "no such login and password";

impl Room {
    /// Opcode 1. Who else is connected is not looked at before the password is known to be right: the answer would tell
    /// strangers who is.
    ///
    /// A password counts as wrong from the moment it is asked about: otherwise a thousand that come at once would all be
    /// hashed before the first of them is known to be wrong.
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
        let address = self.connections.address(from)?;
        if password.len() > MAX_PASSWORD_BYTES {
            self.refuse_password(from, login, NO_SUCH_ACCOUNT, out);
            return None;
        }
        if self.wrong_passwords.used_up(address, now) {
            let why = "its address has tried too many wrong passwords in a minute, none is checked";
            self.refuse_password(from, login, why, out);
            return None;
        }
        self.wrong_passwords.count(address, now);
        self.propose(from, login, LoginKind::WithPassword { counted: now });
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
        self.propose(from, login, LoginKind::WithoutPassword);
        let login = login.to_owned();
        Some(Question::IsAccount { login })
    }

    /// What the accounts say about the login that this connection proposed.
    pub(super) fn answered(&mut self, from: ConnId, answer: Answer, out: &mut Effects) {
        let Some(Proposal { login, kind, .. }) = self.take_proposal(from) else {
            return;
        };
        if answer != Answer::No {
            self.was_not_wrong(from, kind);
        }
        match (kind, answer) {
            (LoginKind::WithPassword { .. }, Answer::Yes) => self.accept(from, &login, out),
            (LoginKind::WithPassword { .. }, Answer::No) => {
                self.refuse_password(from, &login, NO_SUCH_ACCOUNT, out);
            }
            (LoginKind::WithoutPassword, Answer::No) => self.accept(from, &login, out),
            (LoginKind::WithoutPassword, Answer::Yes) => self.already_exists(from, &login, out),
            (_, Answer::Unknown) => {
                out.remark(from, "closed: the accounts cannot be read");
                self.close(from, out);
            }
        }
    }

    /// Too many questions wait: ACK 2.
    ///
    /// The document has no ACK for a server that is busy. ACK 1 would blame the packet and ACK 4 the login; ACK 2 says that
    /// this login did not succeed and leaves the connection open for another try, which is what the client can do. To hold
    /// the client back instead would let it wait without an end that anybody knows.
    pub(super) fn not_answered(&mut self, from: ConnId, out: &mut Effects) {
        if let Some(Proposal { login, kind, .. }) = self.take_proposal(from) {
            self.was_not_wrong(from, kind);
            let why = "the server is busy, too many logins wait already";
            self.refuse_password(from, &login, why, out);
        }
    }

    /// Ends a proposal, if the connection has one. From here on it may propose another login.
    fn take_proposal(&mut self, from: ConnId) -> Option<Proposal> {
        let Some(LoginStage::Proposed(proposal)) = self.connections.stage(from) else {
            return None;
        };
        let proposal = proposal.clone();
        let refused = proposal.refused;
        let stage = LoginStage::Anonymous { refused };
        self.connections.enter(from, stage);
        Some(proposal)
    }

    /// A password that was counted as wrong is right, or was not looked at.
    fn was_not_wrong(&mut self, from: ConnId, kind: LoginKind) {
        if let (LoginKind::WithPassword { counted }, Some(address)) =
            (kind, self.connections.address(from))
        {
            self.wrong_passwords.take_back(address, counted);
        }
    }

    /// ACK 3, unless somebody has the login by now.
    fn accept(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        let Ok(login) = self.roster.join(from, login, address) else {
            self.already_exists(from, login, out);
            return;
        };
        // In this order, so that nothing said by others comes before the answer.
        out.one(from, &ServerFrame::Connected);
        out.join(from, &login);
        self.connections
            .enter(from, LoginStage::Identified { login });
    }

    /// ACK 2. Each reason is a kind of remark of its own.
    #[track_caller]
    fn refuse_password(&mut self, from: ConnId, login: &str, why: &str, out: &mut Effects) {
        out.remark(from, format!("refused {:?}: {why}", Excerpt(login)));
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
        let refused = self.refused_logins(from).saturating_add(1);
        self.connections
            .enter(from, LoginStage::Anonymous { refused });
        if refused >= self.options.failures_per_connection {
            out.remark(from, "closed: too many of its logins were refused");
            self.close(from, out);
        }
    }

    fn propose(&mut self, from: ConnId, login: &str, kind: LoginKind) {
        let proposal = Proposal {
            login: Arc::from(login),
            kind,
            refused: self.refused_logins(from),
        };
        self.connections.enter(from, LoginStage::Proposed(proposal));
    }

    fn refused_logins(&self, from: ConnId) -> u32 {
        match self.connections.stage(from) {
            Some(LoginStage::Anonymous { refused }) => *refused,
            _ => 0,
        }
    }
}
