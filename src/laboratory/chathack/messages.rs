//! Faults in messages to all clients.

use matou_protocols::chathack::{ClientFrame, ServerFrame};

use super::{Fault, Out, Reply, bytes, frame, is_own, with};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "sends messages only to the clients that connected before the sender",
        "CHATHACK-2.1",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { login, message }) if is_own(lab, &call, login) => {
                let said = bytes(ServerFrame::GlobalMessage { login, message });
                let earlier = lab.names.keys().filter(|id| **id < call.from);
                Reply::send(earlier.map(|id| Out::One(*id, said.clone())).collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "removes white space from both ends of the messages that it relays",
        "CHATHACK-2.2",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { login, message }) => {
                let message = message.trim();
                lab.good(with(&call, ClientFrame::GlobalMessage { login, message }))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "also sends messages to connections without a login",
        "CHATHACK-2.4",
        |lab, call| {
            let open = lab.open.clone();
            lab.good(call).map(|out| match out {
                Out::AllBut(from, said) => open
                    .iter()
                    .filter(|id| **id != from)
                    .map(|id| Out::One(*id, said.clone()))
                    .collect(),
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "relays a message that names another client's login as its sender",
        "CHATHACK-2.5",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { login, message })
                if lab.names.contains_key(&call.from) =>
            {
                let said = bytes(ServerFrame::GlobalMessage { login, message });
                Reply::send(vec![Out::AllBut(call.from, said)])
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not answer a message that names another client's login as its sender",
        "CHATHACK-2.6",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { login, .. })
                if lab.names.contains_key(&call.from) && !is_own(lab, &call, login) =>
            {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores empty messages",
        "CHATHACK-2.7",
        |lab, call| match frame(&call) {
            Some(ClientFrame::GlobalMessage { message: "", .. }) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
];
