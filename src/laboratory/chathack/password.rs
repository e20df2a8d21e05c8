//! Faults in logins with a password.

use matou_protocols::chathack::{ClientFrame, ServerFrame};

use super::{ACCOUNT, Fault, Out, Reply, bytes, frame, with};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "refuses the right password of an account",
        "CHATHACK-1.3",
        |lab, call| match frame(&call) {
            Some(ClientFrame::LoginWithPassword { login, .. }) => {
                let password = "forgotten";
                lab.good(with(
                    &call,
                    ClientFrame::LoginWithPassword { login, password },
                ))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts the first characters of a password as the whole password",
        "CHATHACK-1.4",
        |lab, call| match frame(&call) {
            Some(ClientFrame::LoginWithPassword { login, password })
                if ACCOUNT.1.starts_with(password) =>
            {
                let password = ACCOUNT.1;
                lab.good(with(
                    &call,
                    ClientFrame::LoginWithPassword { login, password },
                ))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts any password for a login that has no account",
        "CHATHACK-1.5",
        |lab, call| match frame(&call) {
            Some(ClientFrame::LoginWithPassword { login, .. })
                if login != ACCOUNT.0 && lab.called(login).is_none() =>
            {
                lab.good(with(&call, ClientFrame::Login { login }))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "gives the login of an account to a client that sends no password",
        "CHATHACK-1.6",
        |lab, call| match frame(&call) {
            Some(ClientFrame::Login { login }) if login == ACCOUNT.0 => {
                let password = ACCOUNT.1;
                lab.good(with(
                    &call,
                    ClientFrame::LoginWithPassword { login, password },
                ))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes the first connection of an account when the account logs in again",
        "CHATHACK-1.7",
        |lab, call| {
            let from = call.from;
            let refusal = Out::One(from, bytes(ServerFrame::LoginAlreadyExists));
            let first = lab.called(ACCOUNT.0);
            let mut reply = lab.good(call);
            if let Some(first) = first.filter(|_| reply.outs.contains(&refusal)) {
                reply.outs = vec![
                    Out::Cut(first),
                    Out::One(from, bytes(ServerFrame::Connected)),
                ];
            }
            reply
        },
    ),
    Fault::handling(
        "locks an account permanently after eight wrong passwords",
        "CHATHACK-1.17",
        |lab, call| match frame(&call) {
            Some(ClientFrame::LoginWithPassword { login, password }) if login == ACCOUNT.0 => {
                if password != ACCOUNT.1 {
                    *lab.note("wrong") += 1;
                }
                if *lab.note("wrong") < 8 {
                    return lab.good(call);
                }
                let answer = bytes(ServerFrame::PasswordOrLoginError);
                Reply::send(vec![Out::One(call.from, answer)])
            }
            _ => lab.good(call),
        },
    ),
];
