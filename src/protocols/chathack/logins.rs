//! The two ways to log in: with the password of an account, or without one under a login that neither an account nor a
//! client has.
//!
//! The accounts answer later, while other events are handled: a login that was free when they were asked may be taken
//! when they answer.

use std::sync::Arc;
use std::time::Instant;

use crate::room::{ConnId, Effects, Lifecycle, check_name};
use crate::wire::Excerpt;

use super::connections::{LoginKind, LoginStage, Proposal};
use super::room::{MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES};
use super::{Answer, Question, Room, ServerFrame};

/// A wrong password and an unknown login get the same answer.
const NO_SUCH_ACCOUNT: &str = "no such login and password";

impl Room {
    /// Opcode 1. The list of connected clients is not checked before the password is known to be right: the answer
    /// would tell strangers which clients are connected.
    ///
    /// A password counts as wrong as soon as the accounts are asked. Otherwise a thousand passwords that arrive at once
    /// would all be hashed before the first is known to be wrong.
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
            let why = "too many wrong passwords from its address in a minute; the password was not checked";
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

    /// The accounts answered the question about the login that this connection proposed.
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

    /// Too many questions are waiting: ACK 2.
    ///
    /// The document has no ACK for a busy server. ACK 1 would blame the packet and ACK 4 the login. ACK 2 says that
    /// this login did not succeed, and leaves the connection open for another try, which is what the client can do.
    /// Holding the client back instead would let it wait for an unknown time.
    pub(super) fn not_answered(&mut self, from: ConnId, out: &mut Effects) {
        if let Some(Proposal { login, kind, .. }) = self.take_proposal(from) {
            self.was_not_wrong(from, kind);
            let why = "the server is busy: too many logins are waiting";
            self.refuse_password(from, &login, why, out);
        }
    }

    /// Ends a proposal, if the connection has one. After that it may propose another login.
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

    /// Uncounts a password that turned out to be right, or was not checked.
    fn was_not_wrong(&mut self, from: ConnId, kind: LoginKind) {
        if let (LoginKind::WithPassword { counted }, Some(address)) =
            (kind, self.connections.address(from))
        {
            self.wrong_passwords.take_back(address, counted);
        }
    }

    /// ACK 3, unless another client has taken the login in the meantime.
    fn accept(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        let Ok(login) = self.roster.join(from, login, address) else {
            self.already_exists(from, login, out);
            return;
        };
        // In this order, so that no message of another client comes before the answer.
        out.one(from, &ServerFrame::Connected);
        out.join(from, &login);
        self.connections
            .enter(from, LoginStage::Identified { login });
    }

    /// ACK 2. Each caller makes a remark of its own kind.
    #[track_caller]
    fn refuse_password(&mut self, from: ConnId, login: &str, why: &str, out: &mut Effects) {
        out.remark(from, format!("refused login {:?}: {why}", Excerpt(login)));
        self.refuse(from, ServerFrame::PasswordOrLoginError, out);
    }

    /// ACK 2.
    fn refuse_name(&mut self, from: ConnId, login: &str, why: &str, out: &mut Effects) {
        out.remark(from, format!("refused login {:?}: {why}", Excerpt(login)));
        self.refuse(from, ServerFrame::PasswordOrLoginError, out);
    }

    /// ACK 4.
    fn already_exists(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        out.remark(
            from,
            format!("refused login {:?}: the login is taken", Excerpt(login)),
        );
        self.refuse(from, ServerFrame::LoginAlreadyExists, out);
    }

    /// Another login may be tried, up to the limit for one connection.
    fn refuse(&mut self, from: ConnId, answer: ServerFrame<'_>, out: &mut Effects) {
        out.one(from, &answer);
        let refused = self.refused_logins(from).saturating_add(1);
        self.connections
            .enter(from, LoginStage::Anonymous { refused });
        if refused >= self.options.failures_per_connection {
            out.remark(from, "closed: too many logins were refused");
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
