//! Faults in the negotiation of a private connection (section 3 of the document).

use matou_protocols::chaton::{ClientFrame, ServerFrame};

use super::{Call, Fault, Lab, Out, Reply, bytes};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "swaps requester and target of a request",
        "CHATON-3.1",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::RequestPrivate { requester, target } => {
                    bytes(ServerFrame::RequestPrivate {
                        requester: target,
                        target: requester,
                    })
                }
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends requests to all clients",
        "CHATON-3.2",
        |lab, call| {
            to_all(lab, call, |frame| {
                matches!(frame, ServerFrame::RequestPrivate { .. })
            })
        },
    ),
    Fault::handling(
        "disconnects a client that sends a request to an unknown login",
        "CHATON-3.3",
        |lab, call| match call.frame() {
            Some(ClientFrame::RequestPrivate { target, .. }) if lab.called(target).is_none() => {
                lab.disconnect(call)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a request that names another client as its requester",
        "CHATON-3.4",
        |lab, call| match call.frame() {
            Some(ClientFrame::RequestPrivate { requester, target })
                if lab
                    .names
                    .get(&call.from)
                    .is_some_and(|own| own != requester) =>
            {
                let frame = bytes(ServerFrame::RequestPrivate { requester, target });
                let target = lab.called(target);
                Reply::send(target.map(|id| Out::One(id, frame)).into_iter().collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling("does not relay a refusal", "CHATON-3.5", |lab, call| {
        lab.good(call).frames(|frame, right| match frame {
            ServerFrame::KoPrivate { .. } => Vec::new(),
            _ => right.to_vec(),
        })
    }),
    Fault::handling(
        "sends refusals to all clients",
        "CHATON-3.6",
        |lab, call| {
            to_all(lab, call, |frame| {
                matches!(frame, ServerFrame::KoPrivate { .. })
            })
        },
    ),
    Fault::handling(
        "sends the connect_id only to the target",
        "CHATON-3.7",
        |lab, call| {
            let target = call.from;
            let agreed = matches!(call.frame(), Some(ClientFrame::OkPrivate { .. }));
            lab.good(call).map(|out| match out {
                Out::One(id, _) if agreed && id != target => vec![],
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "sends the connect_id to all clients",
        "CHATON-3.8",
        |lab, call| {
            let target = call.from;
            let agreed = matches!(call.frame(), Some(ClientFrame::OkPrivate { .. }));
            lab.good(call).map(|out| match out {
                Out::One(id, bytes) if agreed && id != target => vec![Out::All(bytes)],
                Out::One(_, _) if agreed => vec![],
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "gives every private connection the same connect_id",
        "CHATON-3.9",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::IdPrivate {
                    requester, target, ..
                } => bytes(ServerFrame::IdPrivate {
                    requester,
                    target,
                    connect_id: 42,
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "accepts an OK_PRIVATE from any client as if the target had sent it",
        "CHATON-3.10",
        |lab, call| match call.frame() {
            Some(ClientFrame::OkPrivate { target, .. } | ClientFrame::KoPrivate { target, .. })
                if lab.names.contains_key(&call.from) =>
            {
                let from = lab.called(target).unwrap_or(call.from);
                lab.good(Call { from, ..call })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "creates a connect_id for an OK_PRIVATE that answers no request",
        "CHATON-3.11",
        |lab, call| match call.frame() {
            Some(ClientFrame::OkPrivate { requester, target })
                if lab.names.get(&call.from).is_some_and(|own| own == target) =>
            {
                let from = call.from;
                let asker = lab.called(requester);
                let reply = lab.good(call);
                if !reply.outs.is_empty() {
                    return reply;
                }
                let frame = bytes(ServerFrame::IdPrivate {
                    requester,
                    target,
                    connect_id: 77,
                });
                let both = asker.into_iter().chain([from]);
                Reply::send(both.map(|id| Out::One(id, frame.clone())).collect())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores a repeated request if the target has refused the first one",
        "CHATON-3.14",
        |lab, call| match call.frame() {
            Some(ClientFrame::KoPrivate { requester, target }) => {
                *lab.note(format!("{requester} {target}")) = 1;
                lab.good(call)
            }
            Some(ClientFrame::RequestPrivate { requester, target })
                if *lab.note(format!("{requester} {target}")) == 1 =>
            {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores a request if the target has already sent a request to the requester",
        "CHATON-3.16",
        |lab, call| match call.frame() {
            Some(ClientFrame::RequestPrivate { requester, target }) => {
                *lab.note(format!("{requester} asked {target}")) = 1;
                if *lab.note(format!("{target} asked {requester}")) == 1 {
                    return Reply::ignore();
                }
                lab.good(call)
            }
            _ => lab.good(call),
        },
    ),
];

fn to_all(lab: &mut Lab, call: Call<'_>, which: impl Fn(ServerFrame<'_>) -> bool) -> Reply {
    lab.good(call).map(|out| match out {
        Out::One(id, frame) => match ServerFrame::decode(Default::default(), &frame) {
            Ok(Some((decoded, _))) if which(decoded) => vec![Out::All(frame)],
            _ => vec![Out::One(id, frame)],
        },
        out => vec![out],
    })
}
