//! Faults in TCPAsk and TCPAbort.

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Negotiation};

use super::{Fault, Out, Reply, bytes, heard, key, to_all_clients, told, without_ok};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "swaps sender and recipient of a TCPAsk",
        "CHATOS1-4.1",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::TcpAsk(asked) => bytes(Frame::TcpAsk(Negotiation {
                    sender: asked.recipient,
                    recipient: asked.sender,
                    ..asked
                })),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends a TCPAsk to all clients",
        "CHATOS1-4.2",
        |lab, call| to_all_clients(lab, call, |frame| matches!(frame, Frame::TcpAsk(_))),
    ),
    Fault::handling(
        "does not answer OK to the sender of a TCPAsk",
        "CHATOS1-4.3",
        |lab, call| match call.frame() {
            Some(Frame::TcpAsk(_)) => without_ok(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a TCPAsk that names another client as its sender",
        "CHATOS1-4.4",
        |lab, call| match call.frame() {
            Some(frame @ Frame::TcpAsk(asked))
                if lab
                    .names
                    .get(&call.from)
                    .is_some_and(|own| own != asked.sender) =>
            {
                let copy = lab.called(asked.recipient);
                let copy = copy.map(|to| Out::One(to, bytes(frame)));
                let answer = told(call.from, ErrorCode::Ok);
                Reply::send(copy.into_iter().chain([answer]).collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not answer a TCPAsk for an unknown recipient",
        "CHATOS1-4.5",
        |lab, call| match call.frame() {
            Some(Frame::TcpAsk(asked)) if lab.called(asked.recipient).is_none() => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a repeated TCPAsk while its negotiation is still running",
        "CHATOS1-4.6",
        |lab, call| match call.frame() {
            Some(frame @ Frame::TcpAsk(asked)) => {
                let from = call.from;
                let to = lab.called(asked.recipient);
                let reply = lab.good(call);
                match to {
                    Some(to) if reply.outs.contains(&told(from, ErrorCode::TcpInProtocole)) => {
                        Reply::send(vec![Out::One(to, bytes(frame)), told(from, ErrorCode::Ok)])
                    }
                    _ => reply,
                }
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends no TCPAbort for a TCPAsk that it refuses",
        "CHATOS1-4.7",
        |lab, call| match call.frame() {
            Some(Frame::TcpAsk(asked)) => {
                let abort = Out::One(call.from, bytes(Frame::TcpAbort(asked)));
                lab.good(call)
                    .map(|out| if out == abort { vec![] } else { vec![out] })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ends a negotiation when the asker repeats its TCPAsk",
        "CHATOS1-4.9",
        |lab, call| match call.frame() {
            Some(Frame::TcpAsk(asked)) => {
                let (from, now) = (call.from, call.now);
                let reply = lab.good(call);
                if reply.outs.contains(&told(from, ErrorCode::TcpInProtocole))
                    && let Some(target) = lab.called(asked.recipient)
                {
                    drop(lab.good(heard(target, Frame::TcpAbort(asked), now)));
                }
                reply
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "clears the sign bit of the password in a TCPAsk, so that no password is negative",
        "CHATOS1-4.11",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::TcpAsk(asked) => bytes(Frame::TcpAsk(Negotiation {
                    password: asked.password & i16::MAX,
                    ..asked
                })),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends a TCPAbort only to the client that aborted",
        "CHATOS1-4.12",
        |lab, call| match call.frame() {
            Some(Frame::TcpAbort(_)) => {
                let from = call.from;
                lab.good(call).map(|out| match out {
                    Out::One(id, _) if id != from => vec![],
                    out => vec![out],
                })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends a TCPAbort to all clients",
        "CHATOS1-4.14",
        |lab, call| match call.frame() {
            Some(frame @ Frame::TcpAbort(_)) => {
                let right = bytes(frame);
                let mut reply = lab.good(call);
                let copies = reply.outs.len();
                let is_copy = |out: &Out| matches!(out, Out::One(_, bytes) if *bytes == right);
                reply.outs.retain(|out| !is_copy(out));
                if reply.outs.len() < copies {
                    reply.outs.insert(0, Out::All(right));
                }
                reply
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts a TCPAbort from the asker",
        "CHATOS1-4.15",
        |lab, call| match call.frame() {
            Some(frame @ Frame::TcpAbort(aborted))
                if lab
                    .names
                    .get(&call.from)
                    .is_some_and(|own| own == aborted.sender) =>
            {
                let from = lab.called(aborted.recipient).unwrap_or(call.from);
                lab.good(heard(from, frame, call.now))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a TCPAbort that belongs to no negotiation",
        "CHATOS1-4.16",
        |lab, call| match call.frame() {
            Some(frame @ Frame::TcpAbort(aborted)) => {
                let from = call.from;
                let asker = lab.called(aborted.sender);
                let reply = lab.good(call);
                if !reply
                    .outs
                    .contains(&told(from, ErrorCode::TcpNotInProtocole))
                {
                    return reply;
                }
                let both = asker.into_iter().chain([from]);
                Reply::send(both.map(|id| Out::One(id, bytes(frame))).collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not end a negotiation that was aborted",
        "CHATOS1-4.17",
        |lab, call| match call.frame() {
            Some(frame @ Frame::TcpAbort(aborted)) => {
                let asker = lab.called(aborted.sender);
                let runs = *lab.note(key("asked", aborted)) == 1;
                let own = lab.names.get(&call.from);
                if !runs || own.is_none_or(|own| own != aborted.recipient) {
                    return lab.good(call);
                }
                let both = asker.into_iter().chain([call.from]);
                Reply::send(both.map(|id| Out::One(id, bytes(frame))).collect())
            }
            Some(Frame::TcpAsk(asked)) => {
                *lab.note(key("asked", asked)) = 1;
                lab.good(call)
            }
            _ => lab.good(call),
        },
    ),
];
