//! Faults in the answers to an ASK.

use std::net::IpAddr;

use matou_protocols::chathack::{ClientFrame, MeetingPoint, ServerFrame};

use super::{Call, Fault, Lab, Out, Reply, bytes, frame, heard, is_own, to_all_clients};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "names the asker instead of the asked client in a VALIDATE",
        "CHATHACK-3.5",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateValidation { receiver, .. }) => {
                lab.good(call).frames(|frame, right| match frame {
                    ServerFrame::PrivateValidation { meeting, .. } => {
                        let login = receiver;
                        bytes(ServerFrame::PrivateValidation { login, meeting })
                    }
                    _ => right.to_vec(),
                })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends only the first four bytes of an IPv6 address",
        "CHATHACK-3.6",
        |lab, call| {
            validated(lab, call, |meeting| {
                let address = match meeting.address {
                    IpAddr::V6(address) => {
                        let [one, two, three, four, ..] = address.octets();
                        IpAddr::from([one, two, three, four])
                    }
                    four => four,
                };
                MeetingPoint { address, ..meeting }
            })
        },
    ),
    Fault::handling(
        "keeps only the lower four bytes of an id",
        "CHATHACK-3.7",
        |lab, call| {
            validated(lab, call, |meeting| {
                let id = i64::from(meeting.id as i32);
                MeetingPoint { id, ..meeting }
            })
        },
    ),
    Fault::handling(
        "sends a VALIDATE to all clients",
        "CHATHACK-3.8",
        |lab, call| {
            to_all_clients(lab, call, |frame| {
                matches!(frame, ServerFrame::PrivateValidation { .. })
            })
        },
    ),
    Fault::handling(
        "names the asker instead of the asked client in a DENY",
        "CHATHACK-3.9",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateDenied { receiver, .. }) => {
                lab.good(call).frames(|frame, right| match frame {
                    ServerFrame::PrivateDenied { .. } => {
                        bytes(ServerFrame::PrivateDenied { login: receiver })
                    }
                    _ => right.to_vec(),
                })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends a DENY to all clients",
        "CHATHACK-3.10",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateDenied { .. }) => to_all_clients(lab, call, |frame| {
                matches!(frame, ServerFrame::PrivateDenied { .. })
            }),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays every answer, even when no client has asked",
        "CHATHACK-3.11",
        |lab, call| passed_on(lab, call, |_, _, _| true),
    ),
    Fault::handling(
        "replaces every address with 0.0.0.0",
        "CHATHACK-3.6",
        |lab, call| {
            validated(lab, call, |meeting| {
                let address = IpAddr::from([0; 4]);
                MeetingPoint { address, ..meeting }
            })
        },
    ),
    Fault::handling(
        "relays a VALIDATE with a port outside 1 to 65535",
        "CHATHACK-3.13",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateValidation {
                sender,
                receiver,
                meeting,
            }) if is_own(lab, &call, sender) && !(1..=65535).contains(&meeting.port) => {
                let login = sender;
                let validated = bytes(ServerFrame::PrivateValidation { login, meeting });
                let to = lab.called(receiver);
                Reply::send(
                    to.into_iter()
                        .map(|to| Out::One(to, validated.clone()))
                        .collect(),
                )
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays every answer to an ASK, not only the first",
        "CHATHACK-3.15",
        |lab, call| {
            if let Some(ClientFrame::PrivateAsking { sender, receiver }) = frame(&call)
                && is_own(lab, &call, sender)
            {
                *lab.note(format!("{sender} asked {receiver}")) = 1;
            }
            passed_on(lab, call, |lab, asker, asked| {
                *lab.note(format!("{asker} asked {asked}")) == 1
            })
        },
    ),
    Fault::handling(
        "relays an answer that another client sends in the name of the asked client",
        "CHATHACK-3.20",
        |lab, call| match frame(&call) {
            Some(
                frame @ (ClientFrame::PrivateValidation { sender, .. }
                | ClientFrame::PrivateDenied { sender, .. }),
            ) if lab.names.contains_key(&call.from) => {
                let from = lab.called(sender).unwrap_or(call.from);
                lab.good(heard(from, frame, call.now))
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends an answer to a new client if this client has taken the login of an asker that has left",
        "CHATHACK-3.22",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateAsking { sender, receiver }) if is_own(lab, &call, sender) => {
                *lab.note(format!("{sender} asked {receiver}")) = 1;
                lab.good(call)
            }
            _ => passed_on(lab, call, |lab, asker, asked| {
                std::mem::take(lab.note(format!("{asker} asked {asked}"))) == 1
            }),
        },
    ),
];

/// Works like the correct server, but changes the address, the port or the id in every VALIDATE.
fn validated(lab: &mut Lab, call: Call<'_>, change: fn(MeetingPoint) -> MeetingPoint) -> Reply {
    lab.good(call).frames(|frame, right| match frame {
        ServerFrame::PrivateValidation { login, meeting } => {
            let meeting = change(meeting);
            bytes(ServerFrame::PrivateValidation { login, meeting })
        }
        _ => right.to_vec(),
    })
}

/// If `is_to_be` returns true, relays the answer to the client that has the asker's login now. This client may be different
/// from the client that sent the ASK. If `is_to_be` returns false, drops the answer.
fn passed_on(lab: &mut Lab, call: Call<'_>, is_to_be: fn(&mut Lab, &str, &str) -> bool) -> Reply {
    let (asker, asked, said) = match frame(&call) {
        Some(ClientFrame::PrivateValidation {
            sender,
            receiver,
            meeting,
        }) => {
            let login = sender;
            let said = ServerFrame::PrivateValidation { login, meeting };
            (receiver, sender, said)
        }
        Some(ClientFrame::PrivateDenied { sender, receiver }) => {
            let said = ServerFrame::PrivateDenied { login: sender };
            (receiver, sender, said)
        }
        _ => return lab.good(call),
    };
    let Some(to) = lab.called(asker).filter(|_| is_own(lab, &call, asked)) else {
        return lab.good(call);
    };
    // Let the room handle the answer too, so that it forgets the ASK. The reply of the room is dropped.
    lab.good(call);
    if !is_to_be(lab, asker, asked) {
        return Reply::ignore();
    }
    Reply::send(vec![Out::One(to, bytes(said))])
}
