//! Faults in messages (section 2 of the document), and faults that disturb other clients.

use matou_protocols::chaton::{ClientFrame, MAX_MESSAGE_BYTES, ServerFrame};
use matou_protocols::room::Event;
use matou_protocols::wire::Malformed;

use super::{Fault, Heard, Out, Reply, bytes, decode, raw};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "never sends messages to the client that connected last",
        "CHATON-2.1",
        |lab, call| {
            let last = lab.names.keys().next_back().copied();
            let from = call.from;
            lab.good(call).map(|out| match (out, last) {
                (Out::All(bytes), Some(last)) if last != from => vec![Out::AllBut(last, bytes)],
                (out, _) => vec![out],
            })
        },
    ),
    Fault::handling(
        "removes white space from both ends of the messages that it relays",
        "CHATON-2.2",
        |lab, call| match call.frame() {
            Some(ClientFrame::Message { login, msg }) => {
                let msg = msg.trim();
                let call = call.with(ClientFrame::Message { login, msg });
                lab.good(call)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not send a message back to its sender",
        "CHATON-2.3",
        |lab, call| {
            let from = call.from;
            lab.good(call).map(|out| match out {
                Out::All(bytes) => vec![Out::AllBut(from, bytes)],
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "drops a message if the whole command does not fit into a buffer of 1024 bytes",
        "CHATON-2.5",
        |lab, call| match call.frame() {
            Some(ClientFrame::Message { login, msg }) if 9 + login.len() + msg.len() > 1024 => {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "swaps sender and target of a private message",
        "CHATON-2.6",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::MessagePrivate {
                    sender,
                    target,
                    msg,
                } => bytes(ServerFrame::MessagePrivate {
                    sender: target,
                    target: sender,
                    msg,
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "disconnects a client that sends a private message to an unknown login",
        "CHATON-2.7",
        |lab, call| match call.frame() {
            Some(ClientFrame::MessagePrivate { target, .. }) if lab.called(target).is_none() => {
                lab.disconnect(call)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends private messages to all clients",
        "CHATON-2.8",
        |lab, call| {
            let whisper = matches!(call.frame(), Some(ClientFrame::MessagePrivate { .. }));
            lab.good(call).map(|out| match out {
                Out::One(_, bytes) if whisper => vec![Out::All(bytes)],
                out => vec![out],
            })
        },
    ),
    Fault::reading(
        "limits a message to 1024 characters instead of 1024 bytes",
        "CHATON-2.9",
        |codec, input| match decode(codec, input) {
            Err(Malformed::TooLong {
                field: "msg",
                length,
                ..
            }) if length <= 4 * MAX_MESSAGE_BYTES as i64 => {
                let [_, a, b, c, d, ..] = *input else {
                    return Ok(None);
                };
                let login = u32::from_be_bytes([a, b, c, d]) as usize;
                raw(input, 1 + 4 + login + 4 + length as usize)
            }
            other => other,
        },
        |lab, call| match call.event {
            Event::Command(Heard::Bytes(frame)) => Reply::send(vec![Out::All(frame.to_vec())]),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a message that names another client as its sender",
        "CHATON-2.10",
        |lab, call| match call.frame() {
            Some(ClientFrame::Message { login, msg })
                if lab.names.get(&call.from).is_some_and(|own| own != login) =>
            {
                Reply::send(vec![Out::All(bytes(ServerFrame::Message { login, msg }))])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a private message that names another client as its sender",
        "CHATON-2.11",
        |lab, call| match call.frame() {
            Some(ClientFrame::MessagePrivate {
                sender,
                target,
                msg,
            }) if lab.names.get(&call.from).is_some_and(|own| own != sender) => {
                let frame = bytes(ServerFrame::MessagePrivate {
                    sender,
                    target,
                    msg,
                });
                let target = lab.called(target);
                Reply::send(target.map(|id| Out::One(id, frame)).into_iter().collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores empty messages",
        "CHATON-2.12",
        |lab, call| match call.frame() {
            Some(ClientFrame::Message { msg: "", .. }) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
];

/// Faults that affect all clients. Because of these faults, cases can fail even if they have nothing to do with messages.
pub(super) const FAULTS_FOR_ALL_CLIENTS: &[Fault] = &[
    Fault::handling(
        "also sends messages to connections that are not identified",
        "CHATON-2.4",
        |lab, call| {
            let reply = lab.good(call);
            let unidentified: Vec<_> = lab
                .open
                .iter()
                .filter(|id| !lab.names.contains_key(id))
                .copied()
                .collect();
            reply.map(|out| match &out {
                Out::All(bytes) => {
                    let copies = unidentified.iter().map(|id| Out::One(*id, bytes.clone()));
                    copies.chain([out.clone()]).collect()
                }
                _ => vec![out],
            })
        },
    ),
    Fault::handling(
        "closes all connections when one client sends an invalid command",
        "CHATON-5.1",
        |lab, call| {
            let malformed = matches!(call.event, Event::Malformed(_));
            let mut reply = lab.good(call);
            if malformed {
                reply
                    .outs
                    .extend(lab.open.iter().map(|id| Out::Finish(*id)));
            }
            reply
        },
    ),
];
