//! Faults in connection requests.

use std::time::Duration;

use matou_protocols::chatos_1_0::{ErrorCode, Frame};
use matou_protocols::room::Event;

use super::{Fault, Out, Reply, bytes, heard, told};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "refuses every pseudonym that is not in capital letters",
        "CHATOS1-1.1",
        |lab, call| match call.frame() {
            Some(Frame::ConnectionRequest { pseudonym })
                if pseudonym.to_uppercase() != pseudonym =>
            {
                Reply::send(vec![told(call.from, ErrorCode::InvalidPseudonym)])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts a pseudonym that is taken",
        "CHATOS1-1.2",
        |lab, call| match call.frame() {
            Some(Frame::ConnectionRequest { pseudonym }) if lab.called(pseudonym).is_some() => {
                Reply::send(vec![told(call.from, ErrorCode::Ok)])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes the connection after it refuses a pseudonym",
        "CHATOS1-1.3",
        |lab, call| {
            let from = call.from;
            let mut reply = lab.good(call);
            if reply
                .outs
                .contains(&told(from, ErrorCode::PseudoUnavailable))
            {
                reply.outs.extend(Reply::close(from).outs);
            }
            reply
        },
    ),
    Fault::handling(
        "accepts another pseudonym from a client that already has one",
        "CHATOS1-1.4",
        |lab, call| match call.frame() {
            Some(Frame::ConnectionRequest { .. }) if lab.names.contains_key(&call.from) => {
                Reply::send(vec![told(call.from, ErrorCode::Ok)])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "checks a pseudonym first and registers it later, so that two clients can have the same pseudonym",
        "CHATOS1-1.6",
        |lab, call| match call.frame() {
            Some(Frame::ConnectionRequest { pseudonym })
                if lab.called(pseudonym).is_none()
                    && !pseudonym.is_empty()
                    && !lab.names.contains_key(&call.from) =>
            {
                let at = call.now + Duration::from_millis(5);
                let (from, pseudonym) = (call.from, pseudonym.to_owned());
                lab.call_later(at, move |lab, now| {
                    let pseudonym = &*pseudonym;
                    let request = Frame::ConnectionRequest { pseudonym };
                    let reply = lab.good(heard(from, request, now));
                    reply.frames(|frame, right| match frame {
                        // The faulty server does not check again that the pseudonym is free. So here it accepts the
                        // pseudonym, even if the room refuses it now.
                        Frame::Error { code: 2 } => bytes(ErrorCode::Ok.frame()),
                        _ => right.to_vec(),
                    })
                });
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "forgets to free the pseudonym of a connection that was reset",
        "CHATOS1-1.7",
        |lab, call| {
            let from = call.from;
            match (&call.event, call.frame()) {
                // `Gone` without an earlier `ReadClosed` means that the connection was reset. The faulty server does not
                // notice the reset, so the pseudonym stays in use.
                (Event::Gone, _) if lab.names.contains_key(&from) => Reply::ignore(),
                (_, Some(Frame::ConnectionRequest { pseudonym }))
                    if lab
                        .called(pseudonym)
                        .is_some_and(|taken| !lab.open.contains(&taken)) =>
                {
                    Reply::send(vec![told(from, ErrorCode::PseudoUnavailable)])
                }
                _ => lab.good(call),
            }
        },
    ),
    Fault::handling(
        "refuses pseudonyms of more than 30 bytes",
        "CHATOS1-1.8",
        |lab, call| match call.frame() {
            Some(Frame::ConnectionRequest { pseudonym }) if pseudonym.len() > 30 => {
                Reply::send(vec![told(call.from, ErrorCode::InvalidPseudonym)])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a message for all clients although its sender has no pseudonym",
        "CHATOS1-1.10",
        |lab, call| match call.frame() {
            Some(frame @ Frame::SendMessageToAll { .. }) if !lab.names.contains_key(&call.from) => {
                Reply::send(vec![Out::All(bytes(frame))])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not answer messages from clients without a pseudonym",
        "CHATOS1-1.11",
        |lab, call| match call.frame() {
            Some(Frame::SendMessageToAll { .. } | Frame::SendPersonalMessage { .. })
                if !lab.names.contains_key(&call.from) =>
            {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
];
