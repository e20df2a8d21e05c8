//! The answers to an asking.

use std::net::IpAddr;

use matou_protocols::chathack::{ClientFrame, MeetingPoint, ServerFrame};

use super::{Call, Fault, Lab, Out, Reply, bytes, frame, heard, is_own, to_everybody};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "names who asked in a validation",
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
        "has room for four bytes of an address",
        "CHATHACK-3.6",
        |lab, call| {
            validated(lab, call, |meeting| {
                let address = match meeting.address {
                    IpAddr::V6(address) => {
                        IpAddr::from(*address.octets().first_chunk::<4>().unwrap())
                    }
                    four => four,
                };
                MeetingPoint { address, ..meeting }
            })
        },
    ),
    Fault::handling(
        "keeps the lower four bytes of an id",
        "CHATHACK-3.7",
        |lab, call| {
            validated(lab, call, |meeting| {
                let id = i64::from(meeting.id as i32);
                MeetingPoint { id, ..meeting }
            })
        },
    ),
    Fault::handling(
        "tells everybody what an asking was answered with",
        "CHATHACK-3.8",
        |lab, call| {
            to_everybody(lab, call, |frame| {
                matches!(frame, ServerFrame::PrivateValidation { .. })
            })
        },
    ),
    Fault::handling(
        "names who asked in a denial",
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
        "tells everybody who was denied",
        "CHATHACK-3.10",
        |lab, call| match frame(&call) {
            Some(ClientFrame::PrivateDenied { .. }) => to_everybody(lab, call, |frame| {
                matches!(frame, ServerFrame::PrivateDenied { .. })
            }),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "passes every answer on, whether or not anybody asked",
        "CHATHACK-3.11",
        |lab, call| passed_on(lab, call, |_, _, _| true),
    ),
    Fault::handling(
        "keeps the address 0.0.0.0 in the place of every one that it knows",
        "CHATHACK-3.6",
        |lab, call| {
            validated(lab, call, |meeting| {
                let address = IpAddr::from([0; 4]);
                MeetingPoint { address, ..meeting }
            })
        },
    ),
    Fault::handling(
        "takes any number for a port",
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
        "lets an asking be answered for ever",
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
        "believes whoever says to be the one who was asked",
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
        "gives an answer to whoever has the asker's login by now",
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

/// What the right server does, but validations say something else.
fn validated(lab: &mut Lab, call: Call<'_>, change: fn(MeetingPoint) -> MeetingPoint) -> Reply {
    lab.good(call).frames(|frame, right| match frame {
        ServerFrame::PrivateValidation { login, meeting } => {
            let meeting = change(meeting);
            bytes(ServerFrame::PrivateValidation { login, meeting })
        }
        _ => right.to_vec(),
    })
}

/// Answers in one's own login go to whoever has the asker's, if it is to be so: without a look at what was asked.
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
    // The right server forgets the asking, too, and says nothing of its own.
    lab.good(call);
    if !is_to_be(lab, asker, asked) {
        return Reply::ignore();
    }
    Reply::send(vec![Out::One(to, bytes(said))])
}
