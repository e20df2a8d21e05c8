//! Faults in packets, in PacketConnect, in the handling of invalid packets, and in what the server does when a client
//! leaves.

use matou_protocols::chatr::{Frame, Reason, Verdict};
use matou_protocols::room::{ConnId, Event, Flow};
use matou_protocols::wire::Malformed;

use super::{Call, Fault, Heard, Lab, Out, Reply, bytes, decode, farewell, identities, raw};

pub(super) const PACKETS: &[Fault] = &[
    Fault::handling(
        "sends a whole buffer of 1024 bytes for each packet that it relays: zero bytes follow the packet",
        "CHATR-0.1",
        |lab, call| lab.good(call).padded(),
    ),
    Fault::handling(
        "does not count the opcode in the length of a request",
        "CHATR-0.1",
        |lab, call| {
            lab.good(call).frames(|frame, right| {
                let mut wrong = right.to_vec();
                if let (Frame::ConnectionRequest { .. }, Some(length)) = (frame, wrong.first_mut())
                {
                    *length -= 1;
                }
                wrong
            })
        },
    ),
    Fault::decoding(
        "handles only one packet per read and discards the bytes after it",
        "CHATR-0.2",
        |codec, input| {
            let heard = decode(codec, input)?;
            Ok(heard.map(|(heard, _)| (heard, input.len())))
        },
    ),
    Fault::handling(
        "writes the first three fields of a UUID in little-endian order",
        "CHATR-0.3",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::ConnectionRequest {
                    uuid,
                    private_endpoint,
                } => bytes(Frame::ConnectionRequest {
                    uuid: uuid::Uuid::from_bytes(uuid.to_bytes_le()),
                    private_endpoint,
                }),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "sends only the last four bytes of an IPv6 address",
        "CHATR-0.4",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::ConnectionRequest {
                    uuid,
                    private_endpoint: std::net::IpAddr::V6(address),
                } => {
                    let [.., a, b, c, d] = address.octets();
                    bytes(Frame::ConnectionRequest {
                        uuid,
                        private_endpoint: [a, b, c, d].into(),
                    })
                }
                _ => right.to_vec(),
            })
        },
    ),
];

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "sends no PacketConnected to a client that it accepts",
        "CHATR-1.1",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::Connected => Vec::new(),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "ignores every packet that a client sends before its PacketConnect",
        "CHATR-1.2",
        |lab, call| match call.frame() {
            Some(frame)
                if !matches!(frame, Frame::Connect { .. })
                    && !lab.names.contains_key(&call.from) =>
            {
                Reply::ignore()
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts every registered UUID, even with a wrong signature",
        "CHATR-1.3",
        |lab, call| {
            note_claim(lab, &call, |uuid, _| identities::key_of(uuid).is_some());
            forgive(lab, call)
        },
    ),
    Fault::handling(
        "accepts UUIDs that are not registered",
        "CHATR-1.4",
        |lab, call| {
            note_claim(lab, &call, |uuid, _| identities::key_of(uuid).is_none());
            forgive(lab, call)
        },
    ),
    Fault::handling(
        "accepts a signature that was made with the key of another registered client",
        "CHATR-1.5",
        |lab, call| {
            note_claim(lab, &call, |uuid, signature| {
                let mut keys = identities::all_keys().iter();
                keys.any(|key| key.verify(uuid.as_bytes(), signature).is_ok())
            });
            forgive(lab, call)
        },
    ),
    Fault::handling(
        "gives the reason for an invalid packet when it refuses a UUID that is already connected",
        "CHATR-1.6",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                Frame::Disconnect {
                    message: "Already connected!",
                } => bytes(Reason::InvalidPacket.frame()),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "closes the first connection when the same UUID connects again",
        "CHATR-1.7",
        |lab, call| {
            let claimed = claimed(&call);
            let reply = lab.good(call);
            let old = claimed.and_then(|uuid| lab.called(&uuid.to_string()));
            let cut = old.into_iter().map(Out::Cut).collect();
            Reply::new(reply.flow, [reply.outs, cut].concat())
        },
    ),
    Fault::handling(
        "accepts only version 1 of the protocol",
        "CHATR-1.8",
        |lab, call| match call.frame() {
            Some(Frame::Connect { version, .. }) if version != 1 => {
                refused(call.from, Reason::InvalidPacket)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "ignores a second PacketConnect",
        "CHATR-1.9",
        |lab, call| match call.frame() {
            Some(Frame::Connect { .. }) if lab.names.contains_key(&call.from) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes a client's connection when another client sends the same UUID with a wrong signature",
        "CHATR-1.12",
        |lab, call| {
            if let Some(uuid) = claimed(&call) {
                let owner = lab.called(&uuid.to_string());
                let owner = owner.and_then(|id| i64::try_from(id.0).ok()).unwrap_or(-1);
                *lab.note(format!("owner {}", call.from)) = owner;
            }
            let failed = matches!(call.event, Event::Answer(Verdict::Refuted));
            let owner = *lab.note(format!("owner {}", call.from));
            let reply = lab.good(call);
            let owner = u64::try_from(owner).ok().filter(|_| failed).map(ConnId);
            let cut = owner.into_iter().map(Out::Cut).collect();
            Reply::new(reply.flow, [reply.outs, cut].concat())
        },
    ),
    Fault::reading(
        "relays a request whose endpoint is cut short",
        "CHATR-2.1",
        |codec, input| match (decode(codec, input), input) {
            (Err(_), [length, 5, ..]) if input.len() > usize::from(*length) => {
                raw(input, 1 + usize::from(*length))
            }
            (other, _) => other,
        },
        |lab, call| {
            let asked = match call.event {
                Event::Command(Heard::Bytes([_, _, uuid @ ..])) => uuid.first_chunk(),
                _ => None,
            };
            let Some(uuid) = asked else {
                return lab.good(call);
            };
            lab.good(call.with(Frame::ConnectionRequest {
                uuid: uuid::Uuid::from_bytes(*uuid),
                private_endpoint: [0, 0, 0, 0].into(),
            }))
        },
    ),
    Fault::handling(
        "closes all connections when one client sends an invalid packet",
        "CHATR-2.4",
        |lab, call| match call.event {
            Event::Malformed(_) => {
                let open = lab.open.clone();
                let reply = lab.good(call);
                let ends = open.into_iter().map(Out::Cut).collect();
                Reply::new(reply.flow, [reply.outs, ends].concat())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a packet that only the server may send",
        "CHATR-2.6",
        |lab, call| match call.event {
            Event::Malformed(Malformed::WrongSide { .. }) if lab.names.contains_key(&call.from) => {
                let others = told_to_others(lab, call.from, &bytes(Frame::Connected));
                let reply = lab.good(call);
                Reply::new(reply.flow, [reply.outs, others].concat())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not close the connection of a client that sent a PacketDisconnect",
        "CHATR-6.1",
        |lab, call| match call.frame() {
            Some(Frame::Disconnect { .. }) if lab.names.contains_key(&call.from) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "relays a client's PacketDisconnect to all other clients",
        "CHATR-6.2",
        |lab, call| match call.frame() {
            Some(frame @ Frame::Disconnect { .. }) => {
                let others = told_to_others(lab, call.from, &bytes(frame));
                let reply = lab.good(call);
                Reply::new(reply.flow, [reply.outs, others].concat())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "closes all connections when one client leaves without a PacketDisconnect",
        "CHATR-6.3",
        |lab, call| match call.event {
            Event::ReadClosed | Event::Gone if lab.names.contains_key(&call.from) => {
                let others = lab.open.clone().into_iter().filter(|id| *id != call.from);
                let ends: Vec<_> = others.map(Out::Cut).collect();
                let reply = lab.good(call);
                Reply::new(reply.flow, [reply.outs, ends].concat())
            }
            _ => lab.good(call),
        },
    ),
];

fn claimed(call: &Call<'_>) -> Option<uuid::Uuid> {
    match call.frame() {
        Some(Frame::Connect { uuid, .. }) => Some(uuid),
        _ => None,
    }
}

/// Notes whether the faulty server will accept this PacketConnect even if its signature is wrong.
fn note_claim(lab: &mut Lab, call: &Call<'_>, forgiven: impl Fn(uuid::Uuid, &[u8]) -> bool) {
    if let Some(Frame::Connect {
        uuid, signature, ..
    }) = call.frame()
    {
        *lab.note(format!("forgiven {}", call.from)) = i64::from(forgiven(uuid, signature));
    }
}

/// Works like the correct server, but accepts a wrong signature if the note of [`note_claim`] says so.
fn forgive(lab: &mut Lab, call: Call<'_>) -> Reply {
    let forgiven = *lab.note(format!("forgiven {}", call.from)) == 1;
    match call.event {
        Event::Answer(Verdict::Refuted) if forgiven => lab.good(Call {
            event: Event::Answer(Verdict::Verified),
            ..call
        }),
        _ => lab.good(call),
    }
}

/// Makes a reply that sends `reason` to the client and closes its connection.
fn refused(from: ConnId, reason: Reason) -> Reply {
    Reply::new(
        Flow::Closed,
        vec![farewell(from, reason), Out::Finish(from)],
    )
}

fn told_to_others(lab: &Lab, from: ConnId, frame: &[u8]) -> Vec<Out> {
    let others = lab.names.keys().filter(|id| **id != from);
    others.map(|id| Out::One(*id, frame.to_vec())).collect()
}
