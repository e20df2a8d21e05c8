//! Faults in private messages and in messages to all.

use matou_protocols::chatos_1_0::{ErrorCode, Frame};

use super::{Call, Fault, Lab, Out, Reply, bytes, to_all_clients, told, without_ok};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "swaps sender and recipient of a private message",
        "CHATOS1-2.1",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::SendPersonalMessage {
                    sender,
                    recipient,
                    message,
                } => bytes(Frame::SendPersonalMessage {
                    sender: recipient,
                    recipient: sender,
                    message,
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends private messages to all clients",
        "CHATOS1-2.2",
        |lab, call| {
            to_all_clients(lab, call, |frame| {
                matches!(frame, Frame::SendPersonalMessage { .. })
            })
        },
    ),
    Fault::handling(
        "does not answer OK to the sender of a private message",
        "CHATOS1-2.3",
        |lab, call| match call.frame() {
            Some(Frame::SendPersonalMessage { .. }) => without_ok(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a private message that names another client as its sender",
        "CHATOS1-2.4",
        |lab, call| match call.frame() {
            Some(frame @ Frame::SendPersonalMessage { recipient, .. })
                if lab.names.contains_key(&call.from) =>
            {
                match lab.called(recipient) {
                    Some(to) => relayed(call.from, Out::One(to, bytes(frame))),
                    None => lab.good(call),
                }
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "answers OK to a private message for an unknown recipient",
        "CHATOS1-2.5",
        |lab, call| match call.frame() {
            Some(Frame::SendPersonalMessage { .. }) => unreachable_is_fine(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "drops messages that do not fit into a buffer of 1024 bytes",
        "CHATOS1-2.6",
        |lab, call| match call.frame() {
            Some(
                Frame::SendPersonalMessage { message, .. }
                | Frame::SendMessageToAll { message, .. },
            ) if message.len() > 1024 => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores empty messages",
        "CHATOS1-2.7",
        |lab, call| match call.frame() {
            Some(
                Frame::SendPersonalMessage { message: "", .. }
                | Frame::SendMessageToAll { message: "", .. },
            ) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends messages only to the clients that connected before the sender",
        "CHATOS1-3.1",
        |lab, call| match call.frame() {
            Some(frame @ Frame::SendMessageToAll { sender, .. })
                if lab.names.get(&call.from).is_some_and(|own| own == sender) =>
            {
                let from = call.from;
                let earlier = lab.names.keys().filter(|id| **id < from);
                let copies = earlier.map(|id| Out::One(*id, bytes(frame)));
                let answer = [told(from, ErrorCode::Ok)];
                Reply::send(answer.into_iter().chain(copies).collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "removes white space from both ends of the messages that it relays",
        "CHATOS1-3.2",
        |lab, call| match call.frame() {
            Some(Frame::SendMessageToAll { sender, message }) => {
                let message = message.trim();
                let call = call.with(Frame::SendMessageToAll { sender, message });
                lab.good(call)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "also sends a message for all clients back to its sender",
        "CHATOS1-3.3",
        |lab, call| {
            lab.good(call).map(|out| match out {
                Out::AllBut(_, bytes) => vec![Out::All(bytes)],
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "does not answer OK to the sender of a message for all clients",
        "CHATOS1-3.4",
        |lab, call| match call.frame() {
            Some(Frame::SendMessageToAll { .. }) => without_ok(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a message for all clients if it names another client as its sender",
        "CHATOS1-3.5",
        |lab, call| match call.frame() {
            Some(frame @ Frame::SendMessageToAll { .. }) if lab.names.contains_key(&call.from) => {
                relayed(call.from, Out::AllBut(call.from, bytes(frame)))
            }
            _ => lab.good(call),
        },
    ),
];

fn relayed(from: matou_protocols::room::ConnId, out: Out) -> Reply {
    Reply::send(vec![told(from, ErrorCode::Ok), out])
}

fn unreachable_is_fine(lab: &mut Lab, call: Call<'_>) -> Reply {
    lab.good(call).frames(|frame, right| match frame {
        Frame::Error { code: 4 } => bytes(ErrorCode::Ok.frame()),
        _ => right.to_vec(),
    })
}
