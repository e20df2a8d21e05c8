//! Faults in TCPAccept, in TCPConnect and in the tunnel.

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Negotiation};
use matou_protocols::room::{ConnId, Flow};

use super::{Call, Fault, Lab, Out, Reply, heard, key, to_all_clients, told};
use crate::proxy::Meddle;

/// The opcode of SMA.
const SMA: u8 = 3;

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling("does not relay a TCPAccept", "CHATOS1-5.1", |lab, call| {
        lab.good(call).frames(|frame, right| match frame {
            Frame::TcpAccept(_) => Vec::new(),
            _ => right.to_vec(),
        })
    }),
    Fault::handling(
        "sends a TCPAccept to all clients",
        "CHATOS1-5.3",
        |lab, call| to_all_clients(lab, call, |frame| matches!(frame, Frame::TcpAccept(_))),
    ),
    Fault::handling(
        "answers OK to a TCPAccept that answers no TCPAsk",
        "CHATOS1-5.4",
        |lab, call| match call.frame() {
            Some(Frame::TcpAccept(_)) => welcomed(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "does not tell the two ends that the tunnel is open",
        "CHATOS1-5.5",
        |lab, call| match call.frame() {
            Some(Frame::TcpAccept(_) | Frame::TcpConnect(_)) => {
                lab.good(call).map(|out| match out {
                    Out::One(id, bytes)
                        if told(id, ErrorCode::Ok) == Out::One(id, bytes.clone()) =>
                    {
                        vec![]
                    }
                    out => vec![out],
                })
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "answers OK to a TCPConnect that follows no TCPAsk",
        "CHATOS1-5.7",
        |lab, call| match call.frame() {
            Some(Frame::TcpConnect(_)) => welcomed(lab, call),
            _ => lab.good(call),
        },
    ),
    Fault::relaying(
        "changes a byte in the tunnel after the first 64 KiB",
        "CHATOS1-5.10",
        Meddle::ChangesAByte,
    ),
    Fault::relaying(
        "removes bytes from a tunnel if they look like a message",
        "CHATOS1-5.11",
        Meddle::TakesOut(SMA),
    ),
    Fault::handling(
        "adds bytes to a tunnel: it tells each end the connection number of the other end",
        "CHATOS1-5.12",
        |lab, call| {
            lab.good(call).map(|out| match out {
                Out::Tunnel(one, other) => vec![
                    Out::One(one, other.to_string().into_bytes()),
                    Out::One(other, one.to_string().into_bytes()),
                    Out::Tunnel(one, other),
                ],
                out => vec![out],
            })
        },
    ),
    Fault::relaying(
        "does not tell an end of a tunnel that the other end has closed its direction",
        "CHATOS1-5.13",
        Meddle::SwallowsTheEnd,
    ),
    Fault::relaying(
        "closes both directions of a tunnel when one end closes its direction",
        "CHATOS1-5.14",
        Meddle::EndsBoth,
    ),
    Fault::relaying(
        "loses the bytes that arrive in the same read as a TCPAccept or TCPConnect",
        "CHATOS1-5.17",
        Meddle::LosesEarlyBytes,
    ),
    Fault::handling(
        "answers OK to a third connection for a tunnel that is already open",
        "CHATOS1-5.18",
        |lab, call| match call.frame() {
            Some(Frame::TcpAccept(named) | Frame::TcpConnect(named)) => {
                let is_open = *lab.note(key("open", named)) == 1;
                if is_open {
                    return welcomed(lab, call);
                }
                let reply = lab.good(call);
                if reply.outs.iter().any(|out| matches!(out, Out::Tunnel(..))) {
                    *lab.note(key("open", named)) = 1;
                }
                reply
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "checks only the sender and the password of a TCPConnect, not the recipient",
        "CHATOS1-5.22",
        |lab, call| match call.frame() {
            Some(Frame::TcpAsk(asked)) => {
                *lab.note(key("asked", asked)) = 1;
                lab.good(call)
            }
            Some(Frame::TcpConnect(named)) => {
                let Some(recipient) = first_asked(lab, named) else {
                    return lab.good(call);
                };
                let other = Frame::TcpConnect(Negotiation {
                    recipient: &recipient,
                    ..named
                });
                lab.good(heard(call.from, other, call.now))
            }
            _ => lab.good(call),
        },
    ),
];

/// Works like the correct server, with one exception: when the correct server would refuse the packet and close the
/// connection, sends an OK instead of the refusal, and then closes the connection.
fn welcomed(lab: &mut Lab, call: Call<'_>) -> Reply {
    let from = call.from;
    let reply = lab.good(call);
    if reply.flow != Flow::Closed {
        return reply;
    }
    let ends = reply.outs.into_iter().filter(|out| !is_for(out, from));
    let outs = [told(from, ErrorCode::Ok)].into_iter().chain(ends);
    Reply::new(Flow::Closed, outs.collect())
}

fn is_for(out: &Out, id: ConnId) -> bool {
    matches!(out, Out::One(to, _) if *to == id)
}

/// Returns the client that the sender has asked for a private connection with this password. If there are several, returns
/// the first in alphabetical order.
fn first_asked(lab: &mut Lab, named: Negotiation<'_>) -> Option<String> {
    let of_sender = key(
        "asked",
        Negotiation {
            recipient: "",
            ..named
        },
    );
    let (found, _) = lab.notes().range(of_sender.clone()..).next()?;
    found.strip_prefix(&of_sender).map(str::to_owned)
}
