//! The two ways to log in: with the password of an account, or without a password under a login that neither an account nor
//! a client has.
//!
//! The room asks a question about the accounts. Until the answer arrives, the room handles other events. So a login that was
//! free when the room asked may be taken when the answer arrives.

use std::sync::Arc;
use std::time::Instant;

use crate::room::{ConnId, Effects, Lifecycle, check_name};
use crate::wire::Excerpt;

use super::connections::{LoginKind, LoginStage, Proposal};
use super::room::{MAX_LOGIN_BYTES, MAX_PASSWORD_BYTES};
use super::{Answer, Question, Room, ServerFrame};

/// The reason in the log for a wrong password and for an unknown login. The client gets the same answer in both cases.
const NO_SUCH_ACCOUNT: &str = "no account has this login and this password";

impl Room {
    /// Handles opcode 1. The room first waits until it knows that the password is correct. After that, it checks whether a
    /// client with this login is connected. If the room made this check before the password is known to be correct, its
    /// answer would tell a stranger with a wrong password which clients are connected.
    ///
    /// The room counts a password as wrong when it asks its question, and takes back this count if the password is correct.
    /// If the room counted only after the answer, a client could send a thousand passwords at the same time: the server
    /// would hash all of them before it counts the first wrong one.
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
        let may_check = self.familiar.count(address, login, now).unwrap_or_else(|| {
            let may_check = !self.wrong_passwords.used_up(address, now);
            if may_check {
                self.wrong_passwords.count(address, now);
            }
            may_check
        });
        if !may_check {
            let most = self.options.wrong_passwords_per_minute;
            let why = format!(
                "{most} wrong passwords came from the client's address within a minute, so this password was not checked; \
                 if many clients share the address of a proxy, raise the limit wrong-passwords={most}"
            );
            self.refuse_password(from, login, &why, out);
            return None;
        }
        self.propose(from, login, LoginKind::WithPassword { counted: now });
        let (login, password) = (login.to_owned(), password.to_owned());
        Some(Question::IsRight { login, password })
    }

    /// Handles opcode 2.
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

    /// Handles the answer to the room's question about the login that this connection has proposed.
    pub(super) fn answered(&mut self, from: ConnId, answer: Answer, out: &mut Effects) {
        let Some(Proposal { login, kind, .. }) = self.take_proposal(from) else {
            return;
        };
        if answer != Answer::No {
            self.was_not_wrong(from, &login, kind);
        }
        match (kind, answer) {
            (LoginKind::WithPassword { .. }, Answer::Yes) => {
                self.is_familiar(from, &login);
                self.accept(from, &login, out);
            }
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

    /// Answers with ACK 2, because too many questions are waiting.
    ///
    /// The document has no ACK for a busy server. ACK 1 would say that the packet is wrong, and ACK 4 that the login is
    /// taken. ACK 2 only says that the login did not succeed. The connection stays open, so the client can try again. If the
    /// server sent no answer, the client would not know how long to wait.
    pub(super) fn not_answered(&mut self, from: ConnId, out: &mut Effects) {
        if let Some(Proposal { login, kind, .. }) = self.take_proposal(from) {
            self.was_not_wrong(from, &login, kind);
            let why = "the server is busy: too many logins are waiting";
            self.refuse_password(from, &login, why, out);
        }
    }

    /// Removes the login that a connection has proposed, if there is one, and returns it. After that, the client may propose
    /// another login.
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

    /// Takes back the count of a wrong password, because the password was correct or was not checked.
    fn was_not_wrong(&mut self, from: ConnId, login: &Arc<str>, kind: LoginKind) {
        if let (LoginKind::WithPassword { counted }, Some(address)) =
            (kind, self.connections.address(from))
            && !self.familiar.take_back(address, login, counted)
        {
            self.wrong_passwords.take_back(address, counted);
        }
    }

    /// Remembers that this account has logged in from the client's address. Does nothing for a loopback address to which the
    /// limits do not apply.
    fn is_familiar(&mut self, from: ConnId, login: &Arc<str>) {
        if let Some(address) = self.connections.address(from)
            && (self.options.bound_loopback || !address.is_loopback())
        {
            self.familiar.succeeded(address, login);
        }
    }

    /// Accepts the login with ACK 3, unless another client has taken it in the meantime.
    fn accept(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        let Some(address) = self.connections.address(from) else {
            return;
        };
        let Ok(login) = self.roster.join(from, login, address) else {
            self.already_exists(from, login, out);
            return;
        };
        // The room sends ACK 3 before it adds the client to the members, so that no message of another client arrives before
        // this answer.
        out.one(from, &ServerFrame::Connected);
        out.join(from, &login);
        self.connections
            .enter(from, LoginStage::Identified { login });
    }

    /// Refuses a password: answers with ACK 2. Because of `track_caller`, the remark contains the caller's line of source
    /// code. So the log counts the remarks of each caller separately.
    #[track_caller]
    fn refuse_password(&mut self, from: ConnId, login: &str, why: &str, out: &mut Effects) {
        out.remark(from, format!("refused login {:?}: {why}", Excerpt(login)));
        self.refuse(from, ServerFrame::PasswordOrLoginError, out);
    }

    /// Refuses an invalid login: answers with ACK 2.
    fn refuse_name(&mut self, from: ConnId, login: &str, why: &str, out: &mut Effects) {
        out.remark(from, format!("refused login {:?}: {why}", Excerpt(login)));
        self.refuse(from, ServerFrame::PasswordOrLoginError, out);
    }

    /// Refuses a login that is taken: answers with ACK 4.
    fn already_exists(&mut self, from: ConnId, login: &str, out: &mut Effects) {
        out.remark(
            from,
            format!("refused login {:?}: the login is taken", Excerpt(login)),
        );
        self.refuse(from, ServerFrame::LoginAlreadyExists, out);
    }

    /// Sends a refusal. The client may try another login, until the connection has reached its limit of refused logins
    /// and is closed.
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
