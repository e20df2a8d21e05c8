//! Faults in private connections (section 4 of the document).

use matou_protocols::chaton::{ClientFrame, ServerFrame};
use matou_protocols::room::Flow;

use super::{Fault, Lab, Out, Reply, bytes};
use crate::proxy::Meddle;

/// The opcode of MESSAGE.
const MESSAGE: u8 = 3;

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "sends ESTABLISHED only to the second end of a tunnel",
        "CHATON-4.1",
        |lab, call| {
            let second = call.from;
            lab.good(call).map(|out| match out {
                Out::One(id, ref frame) if established(frame) && id != second => vec![],
                out => vec![out],
            })
        },
    ),
    Fault::handling("sends ESTABLISHED twice", "CHATON-4.2", |lab, call| {
        lab.good(call).frames(|frame, right| match frame {
            ServerFrame::Established => [right, right].concat(),
            _ => right.to_vec(),
        })
    }),
    Fault::relaying(
        "changes a byte in the tunnel after the first 64 KiB",
        "CHATON-4.3",
        Meddle::ChangesAByte,
    ),
    Fault::relaying(
        "does not tell an end of a tunnel that the other end has closed its direction",
        "CHATON-4.4",
        Meddle::SwallowsTheEnd,
    ),
    Fault::relaying(
        "closes both directions of a tunnel when one end closes its direction",
        "CHATON-4.5",
        Meddle::EndsBoth,
    ),
    Fault::handling(
        "opens a tunnel for a connect_id that it never sent",
        "CHATON-4.6",
        |lab, call| match call.frame() {
            Some(ClientFrame::LoginPrivate { connect_id }) => {
                let from = call.from;
                let reply = lab.good(call);
                if reply.flow != Flow::Closed {
                    return reply;
                }
                strangers(lab, from, connect_id)
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "sends ESTABLISHED to the first end before the second end has connected",
        "CHATON-4.7",
        |lab, call| {
            let from = call.from;
            let opening = matches!(call.frame(), Some(ClientFrame::LoginPrivate { .. }));
            let mut reply = lab.good(call);
            let joined = reply.outs.iter().any(|out| matches!(out, Out::Tunnel(..)));
            if opening && reply.flow == Flow::Raw && !joined {
                reply
                    .outs
                    .push(Out::One(from, bytes(ServerFrame::Established)));
                *lab.note(format!("told {from}")) = 1;
            }
            reply.map(|out| match out {
                Out::One(id, ref frame) if joined && established(frame) => {
                    match *lab.note(format!("told {id}")) {
                        1 => vec![],
                        _ => vec![out],
                    }
                }
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "sends ESTABLISHED to a third connection with the same connect_id",
        "CHATON-4.8",
        |lab, call| match call.frame() {
            Some(ClientFrame::LoginPrivate { connect_id }) => {
                let from = call.from;
                let reply = lab.good(call);
                let joined = reply.outs.iter().any(|out| matches!(out, Out::Tunnel(..)));
                if joined {
                    *lab.note(format!("joined {connect_id}")) = 1;
                }
                if *lab.note(format!("joined {connect_id}")) == 1 && !joined {
                    let mut reply = reply;
                    reply
                        .outs
                        .insert(0, Out::One(from, bytes(ServerFrame::Established)));
                    return reply;
                }
                reply
            }
            _ => lab.good(call),
        },
    ),
    Fault::relaying(
        "loses the bytes that arrive in the same read as a LOGIN_PRIVATE",
        "CHATON-4.12",
        Meddle::LosesEarlyBytes,
    ),
    Fault::relaying(
        "removes bytes from a tunnel if they look like a command",
        "CHATON-4.13",
        Meddle::TakesOut(MESSAGE),
    ),
    Fault::handling(
        "adds bytes to a tunnel: it tells each end the connection number of the other end",
        "CHATON-4.14",
        |lab, call| {
            lab.good(call).map(|out| match out {
                Out::Tunnel(one, other) => vec![
                    Out::One(one, format!("peer {other}\n").into_bytes()),
                    Out::One(other, format!("peer {one}\n").into_bytes()),
                    out,
                ],
                out => vec![out],
            })
        },
    ),
];

fn established(frame: &[u8]) -> bool {
    frame == bytes(ServerFrame::Established)
}

/// Joins any two connections that send the same connect_id, even if the room refuses both.
fn strangers(lab: &mut Lab, from: matou_protocols::room::ConnId, connect_id: i64) -> Reply {
    let key = format!("waiting {connect_id}");
    let waiting = *lab.note(key.clone());
    if waiting == 0 {
        *lab.note(key) = i64::try_from(from.0).unwrap_or_default();
        return Reply::new(Flow::Raw, vec![]);
    }
    let first = matou_protocols::room::ConnId(waiting.unsigned_abs());
    let told = [first, from].map(|id| Out::One(id, bytes(ServerFrame::Established)));
    let joined = vec![Out::Tunnel(first, from)];
    Reply::new(Flow::Raw, [told.to_vec(), joined].concat())
}
