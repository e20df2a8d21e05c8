//! Faults in logins without a password.

use std::time::Duration;

use matou_protocols::chathack::{Answer, ClientFrame, ServerFrame};
use matou_protocols::room::Event;

use super::{ACCOUNT, Call, Fault, Out, Reply, bytes, frame};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "refuses every login that is not in capital letters",
        "CHATHACK-1.1",
        |lab, call| match frame(&call) {
            Some(ClientFrame::Login { login }) if login.to_uppercase() != login => {
                told(&call, ServerFrame::PasswordOrLoginError)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts a login that is taken",
        "CHATHACK-1.2",
        |lab, call| match frame(&call) {
            Some(ClientFrame::Login { login })
                if lab.called(login).is_some() && !lab.names.contains_key(&call.from) =>
            {
                told(&call, ServerFrame::Connected)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes the connection after it refuses a login",
        "CHATHACK-1.8",
        |lab, call| {
            let from = call.from;
            let refusal = Out::One(from, bytes(ServerFrame::LoginAlreadyExists));
            let mut reply = lab.good(call);
            if reply.outs.contains(&refusal) {
                reply.outs.extend(Reply::close(from).outs);
            }
            reply
        },
    ),
    Fault::handling(
        "relays messages from clients that have not logged in",
        "CHATHACK-1.9",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { login, message })
                if !lab.names.contains_key(&call.from) =>
            {
                let said = bytes(ServerFrame::GlobalMessage { login, message });
                Reply::send(vec![Out::All(said)])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not answer messages from clients that have not logged in",
        "CHATHACK-1.10",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { .. } | ClientFrame::PrivateAsking { .. })
                if !lab.names.contains_key(&call.from) =>
            {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts a second login packet from the same client",
        "CHATHACK-1.11",
        |lab, call| match frame(&call) {
            Some(ClientFrame::Login { .. } | ClientFrame::LoginWithPassword { .. })
                if lab.names.contains_key(&call.from) =>
            {
                told(&call, ServerFrame::Connected)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores a second login",
        "CHATHACK-1.12",
        |lab, call| match frame(&call) {
            Some(ClientFrame::Login { .. } | ClientFrame::LoginWithPassword { .. })
                if lab.names.contains_key(&call.from) =>
            {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "checks a login first and registers it later, so that two clients can have the same login",
        "CHATHACK-1.13",
        |lab, call| match call.event {
            Event::Answer(Answer::No) => {
                let (from, at) = (call.from, call.now + Duration::from_millis(5));
                lab.call_later(at, move |lab, now| {
                    let event = Event::Answer(Answer::No);
                    let reply = lab.good(Call { from, event, now });
                    reply.frames(|frame, right| match frame {
                        // The faulty server does not check again that the login is free. So here it accepts the login,
                        // even if the room refuses it now.
                        ServerFrame::LoginAlreadyExists => bytes(ServerFrame::Connected),
                        _ => right.to_vec(),
                    })
                });
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "never frees the login of a guest that leaves",
        "CHATHACK-1.14",
        |lab, call| {
            let own = lab.names.get(&call.from);
            let is_guest = own.is_some_and(|login| login != ACCOUNT.0);
            match call.event {
                Event::ReadClosed if is_guest => Reply::close(call.from),
                Event::Gone if is_guest => Reply::ignore(),
                _ => lab.good(call),
            }
        },
    ),
    Fault::handling(
        "refuses logins of more than 28 bytes",
        "CHATHACK-1.15",
        |lab, call| match frame(&call) {
            Some(ClientFrame::Login { login }) if login.len() > 28 => {
                told(&call, ServerFrame::PasswordOrLoginError)
            }
            _ => lab.good(call),
        },
    ),
];

/// Makes a reply that sends only this frame, to the client whose event is handled.
fn told(call: &Call<'_>, frame: ServerFrame<'_>) -> Reply {
    Reply::send(vec![Out::One(call.from, bytes(frame))])
}
