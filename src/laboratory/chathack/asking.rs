//! Faults in the relaying of an ASK.

use matou_protocols::chathack::{ClientFrame, ServerFrame};
use matou_protocols::room::ConnId;

use super::{Fault, Out, Reply, Room, Subject, bytes, frame, is_own, to_all_clients};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "names the asked client instead of the asker in an ASK",
        "CHATHACK-3.1",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateAsking { receiver, .. }) => {
                lab.good(call).frames(|frame, right| match frame {
                    ServerFrame::PrivateAsking { .. } => {
                        bytes(ServerFrame::PrivateAsking { sender: receiver })
                    }
                    _ => right.to_vec(),
                })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends an ASK to all clients",
        "CHATHACK-3.2",
        |lab, call| {
            to_all_clients(lab, call, |frame| {
                matches!(frame, ServerFrame::PrivateAsking { .. })
            })
        },
    ),
    Fault::handling(
        "relays an ASK that names another client's login as its sender",
        "CHATHACK-3.4",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateAsking { sender, receiver })
                if lab.names.contains_key(&call.from) && !is_own(lab, &call, sender) =>
            {
                let asked = bytes(ServerFrame::PrivateAsking { sender });
                let to = lab.called(receiver);
                Reply::send(
                    to.into_iter()
                        .map(|to| Out::One(to, asked.clone()))
                        .collect(),
                )
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not relay a second ASK to the same client",
        "CHATHACK-3.17",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateAsking { sender, receiver }) if is_own(lab, &call, sender) => {
                let times = lab.note(format!("{sender} asked {receiver}"));
                *times += 1;
                if *times > 1 {
                    return Reply::ignore();
                }
                lab.good(call)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends an answer to the client that asked last, even if the answer is for another client",
        "CHATHACK-3.18",
        |lab, call| {
            if let Some(ClientFrame::PrivateAsking { sender, receiver }) = frame(&call)
                && is_own(lab, &call, sender)
            {
                *lab.note(format!("last to ask {receiver}")) = call.from.0 as i64;
            }
            let own = lab.names.get(&call.from).cloned().unwrap_or_default();
            let last = *lab.note(format!("last to ask {own}"));
            lab.good(call).map(|out| match out {
                Out::One(_, frame) if last > 0 && is_answer(&frame) => {
                    vec![Out::One(ConnId(last as u64), frame)]
                }
                out => vec![out],
            })
        },
    ),
];

fn is_answer(bytes: &[u8]) -> bool {
    matches!(
        Room::said(bytes),
        Some((
            ServerFrame::PrivateValidation { .. } | ServerFrame::PrivateDenied { .. },
            _
        ))
    )
}
