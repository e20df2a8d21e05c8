//! Faults in identification (section 1 of the document).

use std::time::{Duration, Instant};

use matou_protocols::chaton::{ClientFrame, ServerFrame};
use matou_protocols::room::{ConnId, Event};

use super::{Call, Fault, Heard, Lab, Out, Reply, bytes};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "refuses every login that is not in capital letters",
        "CHATON-1.1",
        |lab, call| match call.frame() {
            Some(ClientFrame::Login { login }) if login.to_uppercase() != login => {
                Reply::send(vec![Out::One(call.from, bytes(ServerFrame::LoginRefused))])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "counts the four bytes of the length prefix towards the limit of 30 bytes for a login",
        "CHATON-1.2",
        |lab, call| match call.frame() {
            Some(ClientFrame::Login { login }) if login.len() + 4 > 30 => {
                Reply::send(vec![Out::One(call.from, bytes(ServerFrame::LoginRefused))])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts a login that is taken",
        "CHATON-1.3",
        |lab, call| match call.frame() {
            Some(ClientFrame::Login { login }) if lab.called(login).is_some() => {
                let accepted = Out::One(call.from, bytes(ServerFrame::LoginAccepted));
                Reply::send(vec![accepted])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes the connection after it refuses a login",
        "CHATON-1.4",
        |lab, call| {
            let from = call.from;
            let identified = lab.names.contains_key(&from);
            let mut reply = lab.good(call);
            let refused = Out::One(from, bytes(ServerFrame::LoginRefused));
            if !identified && reply.outs.contains(&refused) {
                reply.outs.extend(Reply::close(from).outs);
            }
            reply
        },
    ),
    Fault::handling(
        "limits a login to 30 characters instead of 30 bytes",
        "CHATON-1.5",
        |lab, call| accepts_too_long(lab, call, 30),
    ),
    Fault::handling(
        "accepts a login of any length",
        "CHATON-1.5",
        |lab, call| accepts_too_long(lab, call, usize::MAX),
    ),
    Fault::handling(
        "accepts a second LOGIN from the same client",
        "CHATON-1.6",
        |lab, call| {
            let identified = lab.names.contains_key(&call.from);
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::LoginRefused if identified => bytes(ServerFrame::LoginAccepted),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "forgets a client's login when the client proposes another login",
        "CHATON-1.7",
        |lab, call| {
            let from = call.from;
            match call.frame() {
                Some(ClientFrame::Login { .. }) if lab.names.contains_key(&from) => {
                    *lab.note(format!("forgotten {from}")) = 1;
                    lab.good(call)
                }
                Some(_) if *lab.note(format!("forgotten {from}")) == 1 => Reply::ignore(),
                _ => lab.good(call),
            }
        },
    ),
    Fault::handling(
        "relays messages from clients that are not identified",
        "CHATON-1.9",
        |lab, call| match call.frame() {
            Some(ClientFrame::Message { login, msg }) if !lab.names.contains_key(&call.from) => {
                Reply::send(vec![Out::All(bytes(ServerFrame::Message { login, msg }))])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "forgets to free the login of a connection that was reset",
        "CHATON-1.11",
        |lab, call| {
            let from = call.from;
            match (&call.event, call.frame()) {
                // `Gone` without an earlier `ReadClosed` means that the connection was reset. The faulty server does not
                // notice the reset, so the login stays in use.
                (Event::Gone, _) if lab.names.contains_key(&from) => Reply::ignore(),
                (_, Some(ClientFrame::Login { login }))
                    if lab
                        .called(login)
                        .is_some_and(|taken| !lab.open.contains(&taken)) =>
                {
                    Reply::send(vec![Out::One(from, bytes(ServerFrame::LoginRefused))])
                }
                _ => lab.good(call),
            }
        },
    ),
    Fault::handling(
        "checks a login first and registers it later, so that two clients can have the same login",
        "CHATON-1.12",
        |lab, call| match call.frame() {
            Some(ClientFrame::Login { login })
                if lab.called(login).is_none()
                    && login.len() <= 30
                    && !login.is_empty()
                    && !lab.names.contains_key(&call.from) =>
            {
                let at = call.now + Duration::from_millis(5);
                let (from, login) = (call.from, login.to_owned());
                let enter = move |lab: &mut Lab, now| enter(lab, from, now, &login);
                lab.call_later(at, enter);
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
];

/// Works like the correct server, but also accepts a free login of more than 30 bytes if it has at most this number of
/// characters.
fn accepts_too_long(lab: &mut Lab, call: Call<'_>, characters: usize) -> Reply {
    match call.frame() {
        Some(ClientFrame::Login { login })
            if login.len() > 30
                && login.chars().count() <= characters
                && lab.called(login).is_none()
                && !lab.names.contains_key(&call.from) =>
        {
            let from = call.from;
            Reply::send(vec![
                Out::One(from, bytes(ServerFrame::LoginAccepted)),
                Out::Join(from, login.to_owned()),
            ])
        }
        _ => lab.good(call),
    }
}

/// Registers a login that this faulty server has checked some time before. The server does not check again that the login is
/// free: it accepts the login even if the room refuses it now.
fn enter(lab: &mut Lab, from: ConnId, now: Instant, login: &str) -> Reply {
    let login = ClientFrame::Login { login };
    let event = Event::Command(Heard::Frame(login));
    lab.good(Call { from, event, now })
        .frames(|frame, right| match frame {
            ServerFrame::LoginRefused => bytes(ServerFrame::LoginAccepted),
            _ => right.to_vec(),
        })
}
