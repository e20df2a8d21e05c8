//! Faults in requests for a private connection and in their answers.

use std::net::IpAddr;

use matou_protocols::chatr::{Frame, Room};
use matou_protocols::room::ConnId;
use uuid::Uuid;

use super::{Call, Fault, Lab, Out, Reply, Subject, bytes, told};

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "relays a request with the UUID of the asked client instead of the asker's UUID",
        "CHATR-4.1",
        |lab, call| {
            let asked = asked(&call);
            lab.good(call).frames(|frame, right| match (frame, asked) {
                (
                    Frame::ConnectionRequest {
                        private_endpoint, ..
                    },
                    Some(uuid),
                ) => bytes(Frame::ConnectionRequest {
                    uuid,
                    private_endpoint,
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "replaces the private endpoint in a request with the address of the connection",
        "CHATR-4.2",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::ConnectionRequest { uuid, .. } => bytes(Frame::ConnectionRequest {
                    uuid,
                    private_endpoint: here(),
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "does not answer a request for an unknown UUID",
        "CHATR-4.3",
        |lab, call| {
            let asks = asked(&call).is_some();
            lab.good(call).frames(|frame, right| match frame {
                Frame::ConnectionRequestDenied { .. } if asks => Vec::new(),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends a request to all clients",
        "CHATR-4.4",
        |lab, call| {
            let reply = lab.good(call);
            let all: Vec<ConnId> = lab.names.keys().copied().collect();
            reply.map(|out| match &out {
                Out::One(_, frame) if is_request(frame) => {
                    let to = all.iter();
                    to.map(|id| Out::One(*id, frame.clone())).collect()
                }
                _ => vec![out],
            })
        },
    ),
    Fault::handling(
        "relays an acceptance with the UUID of the asker instead of the accepting client's UUID",
        "CHATR-5.1",
        |lab, call| {
            let asker = match call.frame() {
                Some(Frame::ConnectionRequestAccept { uuid, .. }) => uuid,
                _ => Uuid::nil(),
            };
            lab.good(call).frames(|frame, right| match frame {
                Frame::ConnectionRequestAccept {
                    private_endpoint, ..
                } => bytes(Frame::ConnectionRequestAccept {
                    uuid: asker,
                    private_endpoint,
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends a PacketClientInfo only to the asker",
        "CHATR-5.2",
        |lab, call| {
            let from = call.from;
            lab.good(call).map(|out| match &out {
                Out::One(id, frame) if *id == from && is_info(frame) => vec![],
                _ => vec![out],
            })
        },
    ),
    Fault::handling(
        "sends 0.0.0.0 as every public endpoint",
        "CHATR-5.3",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::ClientInfo { uuid, .. } => bytes(Frame::ClientInfo {
                    uuid,
                    public_endpoint: [0, 0, 0, 0].into(),
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling("does not relay a denial", "CHATR-5.5", |lab, call| {
        let denies = matches!(call.frame(), Some(Frame::ConnectionRequestDenied { .. }));
        lab.good(call).frames(|frame, right| match frame {
            Frame::ConnectionRequestDenied { .. } if denies => Vec::new(),
            _ => right.to_vec(),
        })
    }),
    Fault::handling(
        "sends the public endpoints after an acceptance that answers no request",
        "CHATR-5.6",
        |lab, call| {
            let from = call.from;
            let accepted = match call.frame() {
                Some(Frame::ConnectionRequestAccept { uuid, .. }) => Some(uuid),
                _ => None,
            };
            let reply = lab.good(call);
            match accepted {
                Some(uuid) if reply.outs.is_empty() => {
                    Reply::new(reply.flow, each_told_of_the_other(lab, from, uuid))
                }
                _ => reply,
            }
        },
    ),
    Fault::handling(
        "sends the public endpoints after a denial",
        "CHATR-5.9",
        |lab, call| {
            let from = call.from;
            let denied = match call.frame() {
                Some(Frame::ConnectionRequestDenied { uuid }) => Some(uuid),
                _ => None,
            };
            let reply = lab.good(call);
            match denied {
                Some(uuid) if !reply.outs.is_empty() => {
                    let told = each_told_of_the_other(lab, from, uuid);
                    Reply::new(reply.flow, [reply.outs, told].concat())
                }
                _ => reply,
            }
        },
    ),
];

fn here() -> IpAddr {
    [127, 0, 0, 1].into()
}

/// If the packet is a request, returns the UUID of the client that is asked.
fn asked(call: &Call<'_>) -> Option<Uuid> {
    match call.frame() {
        Some(Frame::ConnectionRequest { uuid, .. }) => Some(uuid),
        _ => None,
    }
}

fn is_request(frame: &[u8]) -> bool {
    matches!(
        Room::said(frame),
        Some((Frame::ConnectionRequest { .. }, _))
    )
}

fn is_info(frame: &[u8]) -> bool {
    matches!(Room::said(frame), Some((Frame::ClientInfo { .. }, _)))
}

fn each_told_of_the_other(lab: &Lab, one: ConnId, other: Uuid) -> Vec<Out> {
    let own = lab.names.get(&one).and_then(|name| name.parse().ok());
    let (Some(own), Some(id)) = (own, lab.called(&other.to_string())) else {
        return Vec::new();
    };
    let info = |uuid| Frame::ClientInfo {
        uuid,
        public_endpoint: here(),
    };
    vec![told(id, info(own)), told(one, info(other))]
}
