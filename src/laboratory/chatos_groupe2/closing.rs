//! Faults in the parts that the document adds to Chaton's document: the closing of private connections, and two opcodes
//! about which the document contradicts itself.

use matou_protocols::chaton::ClientFrame::LoginPrivate;
use matou_protocols::chaton::ServerFrame::Established;
use matou_protocols::chatos_groupe2::{ClientFrame, CloseConnection, Codec, ServerFrame};
use matou_protocols::room::{ConnId, Event, Flow};

use super::{
    Call, Fault, Heard, Lab, Meddle, Out, Reply, accept, close, closing, decode, is_accept,
    parties, raw, watch,
};

pub(super) const SPEAKS_BY_THE_TABLE: Fault = Fault::handling(
    "expects the opcodes of the document's drawings, but sends the opcodes of its table",
    "GROUPE2-2.1",
    |lab, call| {
        lab.good(call).frames(|_, right| match right {
            [3, rest @ ..] => [&[4], rest].concat(),
            [4, rest @ ..] => [&[3], rest].concat(),
            _ => right.to_vec(),
        })
    },
);

pub(super) const NEVER_FLUSHES: Fault = Fault::relaying(
    "keeps the bytes of a tunnel in a buffer until the buffer is full or the sender closes its direction",
    "GROUPE2-4.6",
    Meddle::KeepsTheRest,
);

pub(super) const PASSES_ACCEPTS_ON: Fault = Fault::reading(
    "relays an ACCEPT_CLOSE_CONNECTION that a client sends",
    "GROUPE2-4.18",
    |codec, input| match ServerFrame::decode(*codec, input) {
        Ok(Some((ServerFrame::AcceptCloseConnection(_), length))) => raw(input, length),
        _ => decode(codec, input),
    },
    |lab, call| match call.event {
        Event::Command(Heard::Bytes(frame)) => {
            let target = match ServerFrame::decode(Codec::default(), frame) {
                Ok(Some((ServerFrame::AcceptCloseConnection(accept), _))) => {
                    lab.called(accept.login)
                }
                _ => None,
            };
            let out = target.map(|id| Out::One(id, frame.to_vec()));
            Reply::send(out.into_iter().collect())
        }
        _ => lab.good(call),
    },
);

pub(super) const TELLS_ALL_CLIENTS: Fault = Fault::handling(
    "sends ACCEPT_CLOSE_CONNECTION to all clients",
    "GROUPE2-4.3",
    |lab, call| {
        lab.good(call).map(|out| match out {
            Out::One(_, bytes) if is_accept(&bytes) => vec![Out::All(bytes)],
            out => vec![out],
        })
    },
);

pub(super) const FAULTS: &[Fault] = &[
    Fault::handling(
        "closes a private connection and does not tell the other client",
        "GROUPE2-4.1",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::AcceptCloseConnection(_) => vec![],
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "ignores a CLOSE_CONNECTION from the target",
        "GROUPE2-4.1",
        |lab, call| {
            let is_target = close(&call)
                .and_then(|close| parties(lab, close.connect_id))
                .is_some_and(|[_, target]| target == call.from);
            if is_target {
                return Reply::ignore();
            }
            watch(lab, call)
        },
    ),
    Fault::handling(
        "sends an empty login in ACCEPT_CLOSE_CONNECTION",
        "GROUPE2-4.2",
        |lab, call| {
            lab.good(call).frames(|frame, right| match frame {
                ServerFrame::AcceptCloseConnection(_) => accept(""),
                _ => right.to_vec(),
            })
        },
    ),
    Fault::handling(
        "also sends ACCEPT_CLOSE_CONNECTION to the client that sent CLOSE_CONNECTION",
        "GROUPE2-4.4",
        |lab, call| {
            let from = call.from;
            lab.good(call).map(|out| match out {
                Out::One(to, bytes) if is_accept(&bytes) => {
                    vec![Out::One(from, bytes.clone()), Out::One(to, bytes)]
                }
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "keeps the two ends of a closed private connection open",
        "GROUPE2-4.5",
        |lab, call| {
            let closes = close(&call).is_some();
            lab.good(call).map(|out| match out {
                Out::Finish(_) if closes => vec![],
                out => vec![out],
            })
        },
    ),
    Fault::handling(
        "sends ACCEPT_CLOSE_CONNECTION for a connect_id that it does not know",
        "GROUPE2-4.7",
        |lab, call| match close(&call) {
            Some(close)
                if lab.names.contains_key(&call.from)
                    && parties(lab, close.connect_id).is_none() =>
            {
                let told = lab.called(close.target);
                let out = told.map(|id| Out::One(id, accept(close.requester)));
                Reply::send(out.into_iter().collect())
            }
            _ => watch(lab, call),
        },
    ),
    Fault::handling(
        "does not check the logins in a CLOSE_CONNECTION",
        "GROUPE2-4.8",
        |lab, call| {
            let by_party = |lab: &mut Lab, close: CloseConnection<'_>| {
                parties(lab, close.connect_id).filter(|parties| parties.contains(&call.from))
            };
            match close(&call).and_then(|close| by_party(lab, close)) {
                Some(_) => as_if_by(call.from, lab, call),
                None => watch(lab, call),
            }
        },
    ),
    Fault::handling(
        "always sends ACCEPT_CLOSE_CONNECTION to the target named in the CLOSE_CONNECTION, even if the target sent it",
        "GROUPE2-4.3",
        |lab, call| match close(&call) {
            Some(close) if lab.names.contains_key(&call.from) => {
                let told = lab.called(close.target).filter(|told| *told != call.from);
                let asked = Out::One(told.unwrap_or(call.from), accept(close.requester));
                let reply = lab.good(call).map(|out| match out {
                    Out::One(_, bytes) if is_accept(&bytes) => vec![],
                    out => vec![out],
                });
                Reply::new(reply.flow, [vec![asked], reply.outs].concat())
            }
            _ => lab.good(call),
        },
    ),
    Fault::handling(
        "accepts a CLOSE_CONNECTION from any client that knows the connect_id",
        "GROUPE2-4.9",
        |lab, call| {
            let is_known = lab.names.contains_key(&call.from);
            forged(lab, call, is_known)
        },
    ),
    Fault::handling(
        "accepts a CLOSE_CONNECTION from a connection without a login",
        "GROUPE2-4.10",
        |lab, call| {
            let is_unknown = !lab.names.contains_key(&call.from);
            forged(lab, call, is_unknown)
        },
    ),
    Fault::handling(
        "closes every private connection between the two clients, not only the one named in the CLOSE_CONNECTION",
        "GROUPE2-4.11",
        |lab, call| {
            let Some(closed) = close(&call) else {
                return watch(lab, call);
            };
            let parties = parties(lab, closed.connect_id);
            let ids: Vec<i64> = lab
                .notes()
                .keys()
                .filter_map(|key| key.strip_prefix("requester ")?.parse().ok())
                .collect();
            let mut outs = Vec::new();
            for connect_id in ids {
                if connect_id != closed.connect_id && same(super::parties(lab, connect_id), parties)
                {
                    let other = CloseConnection {
                        connect_id,
                        ..closed
                    };
                    let call = closing(&call, call.from, other);
                    outs.extend(lab.good(call).outs);
                    // The client named only one private connection. So this faulty server sends a packet only about that
                    // one, and closes the others without a packet.
                    outs.retain(|out| !matches!(out, Out::One(..)));
                }
            }
            let reply = lab.good(call);
            Reply::new(reply.flow, [reply.outs, outs].concat())
        },
    ),
    Fault::handling(
        "disconnects a client that sends a CLOSE_CONNECTION",
        "GROUPE2-4.12",
        |lab, call| {
            let (from, now) = (call.from, call.now);
            let closes = close(&call).is_some() && lab.names.contains_key(&from);
            let reply = lab.good(call);
            if !closes {
                return reply;
            }
            let event = Event::ReadClosed;
            let left = lab.good(Call { from, event, now });
            Reply::new(Flow::Closed, [reply.outs, left.outs].concat())
        },
    ),
    Fault::handling(
        "opens another tunnel with the connect_id of a closed private connection",
        "GROUPE2-4.15",
        |lab, call| {
            if let Some(close) = close(&call)
                && parties(lab, close.connect_id).is_some()
            {
                *lab.note(format!("closed {}", close.connect_id)) = 1;
            }
            match call.frame() {
                Some(ClientFrame::Chaton(LoginPrivate { connect_id }))
                    if *lab.note(format!("closed {connect_id}")) == 1 =>
                {
                    strangers(lab, call.from, connect_id)
                }
                _ => watch(lab, call),
            }
        },
    ),
    Fault::handling(
        "answers every repeated CLOSE_CONNECTION with another ACCEPT_CLOSE_CONNECTION",
        "GROUPE2-4.16",
        |lab, call| {
            let Some(closed) = close(&call) else {
                return watch(lab, call);
            };
            let other = parties(lab, closed.connect_id).and_then(|[asker, asked]| {
                if call.from == asker {
                    Some(asked)
                } else {
                    (call.from == asked).then_some(asker)
                }
            });
            let again = std::mem::replace(lab.note(format!("closed {}", closed.connect_id)), 1);
            match other {
                Some(other) if again == 1 => {
                    Reply::send(vec![Out::One(other, accept(closed.requester))])
                }
                _ => lab.good(call),
            }
        },
    ),
];

fn same(one: Option<[ConnId; 2]>, other: Option<[ConnId; 2]>) -> bool {
    let sorted = |parties: Option<[ConnId; 2]>| {
        parties.map(|mut parties| {
            parties.sort_unstable();
            parties
        })
    };
    sorted(one) == sorted(other)
}

/// Works like the correct server, with one exception: if `may` is true, accepts a CLOSE_CONNECTION from a third client, as
/// if the requester had sent it.
fn forged(lab: &mut Lab, call: Call<'_>, may: bool) -> Reply {
    let parties = close(&call).and_then(|close| parties(lab, close.connect_id));
    match parties {
        Some(parties @ [requester, _]) if may && !parties.contains(&call.from) => {
            as_if_by(requester, lab, call)
        }
        _ => watch(lab, call),
    }
}

/// Handles a CLOSE_CONNECTION as if the client `party` had sent it with the correct logins.
fn as_if_by(party: ConnId, lab: &mut Lab, call: Call<'_>) -> Reply {
    let Some(close) = close(&call) else {
        return lab.good(call);
    };
    let parties = parties(lab, close.connect_id).unwrap_or([party; 2]);
    let [requester, target] = parties.map(|id| lab.names.get(&id).cloned().unwrap_or_default());
    let right = CloseConnection {
        requester: &requester,
        target: &target,
        ..close
    };
    let event = Event::Command(Heard::Frame(ClientFrame::CloseConnection(right)));
    let reply = lab.good(Call {
        from: party,
        event,
        now: call.now,
    });
    // Take over only the effects of the reply, not its flow: the connection of the client that sent the command stays open.
    Reply::send(reply.outs)
}

/// Joins any two connections that send the same connect_id, even if the room has forgotten this connect_id.
fn strangers(lab: &mut Lab, from: ConnId, connect_id: i64) -> Reply {
    let waiting = lab.note(format!("waiting {connect_id}"));
    let first = std::mem::replace(waiting, i64::try_from(from.0).unwrap_or_default());
    if first == 0 {
        return Reply::new(Flow::Raw, vec![]);
    }
    let first = ConnId(first.unsigned_abs());
    let mut established = Vec::new();
    ServerFrame::Chaton(Established).encode(Codec::default(), &mut established);
    let told = [first, from].map(|id| Out::One(id, established.clone()));
    let joined = vec![Out::Tunnel(first, from)];
    Reply::new(Flow::Raw, [told.to_vec(), joined].concat())
}
