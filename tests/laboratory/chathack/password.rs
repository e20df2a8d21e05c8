//! Logins with a password.

use matou_protocols::chathack::{ClientFrame, ServerFrame};

use super::{ACCOUNT, Fault, Out, Reply, bytes, frame, with};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "has forgotten the passwords of its accounts",
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
        "compares passwords only as far as the shorter one goes",
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
        "makes an account of every login that comes with a password",
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
        "gives the login of an account to who comes without its password",
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
        "ends the session of an account that logs in again",
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
        "locks an account for good when it met eight wrong passwords",
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
