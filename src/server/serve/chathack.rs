//! Starts a ChatHack listener, and answers the questions of its room about accounts.

use std::net::SocketAddr;

use log::error;
use matou_protocols::chathack::{Answer, Options, Question, Room};

use crate::net::{ConnectionLimits, Engine, ListenError, Service};
use crate::store::{Accounts, Password, Store};

pub(super) fn listen(
    engine: &Engine,
    options: Options,
    address: SocketAddr,
    limits: ConnectionLimits,
    store: &Store,
) -> Result<Service, ListenError> {
    let accounts = Accounts::new(store);
    let answer = move |question| ask(&accounts, question);
    engine.listen_and_answer(Room::new(options), (), address, limits, answer)
}

/// Answers a question. Runs on a worker's thread, so it may block.
fn ask(accounts: &Accounts, question: Question) -> Answer {
    let found = match question {
        Question::IsRight { login, password } => {
            accounts.is_right(&login, &Password::new(password))
        }
        Question::IsAccount { login } => accounts.contains(&login),
    };
    match found {
        Ok(true) => Answer::Yes,
        Ok(false) => Answer::No,
        Err(why) => {
            error!("chathack: cannot look up an account: {why}");
            Answer::Unknown
        }
    }
}
