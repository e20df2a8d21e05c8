//! Faults in pings.

use matou_protocols::chatr::{Frame, Reason, Room};
use matou_protocols::room::ConnId;

use super::{Call, Fault, Lab, Out, PING_TIMEOUT, Reply, Subject, farewell};
use crate::room;

pub(super) const FAULTS: &[Fault] = &[
    Fault::timing("never pings", "CHATR-3.1", room::handle, |_, _, outs| {
        without(outs, |_, frame| matches!(frame, Frame::Ping { .. }))
    }),
    Fault::timing(
        "pings each client only once",
        "CHATR-3.2",
        room::handle,
        |lab, _, outs| {
            without(outs, |id, frame| {
                let is_ping = matches!(frame, Frame::Ping { .. });
                let pings = lab.note(format!("pings {id}"));
                *pings += i64::from(is_ping);
                is_ping && *pings > 1
            })
        },
    ),
    Fault::timing(
        "never disconnects a client that does not answer pings",
        "CHATR-3.3",
        room::handle,
        |_, _, outs| {
            let silent: Vec<ConnId> = outs.iter().filter_map(timed_out).collect();
            let concerns = |out: &Out| match out {
                Out::One(id, _) | Out::Finish(id) => silent.contains(id),
                _ => false,
            };
            outs.into_iter().filter(|out| !concerns(out)).collect()
        },
    ),
    Fault::timing(
        "waits only a third of the timeout before it disconnects a client that does not answer a ping",
        "CHATR-3.4",
        note_pong,
        |lab, now, outs| {
            for id in outs.iter().filter_map(pinged) {
                *lab.note(format!("answered {id}")) = 0;
                let impatient = move |lab: &mut Lab, _| match *lab.note(format!("answered {id}")) {
                    0 => Reply::send(vec![farewell(id, Reason::TimeOut), Out::Finish(id)]),
                    _ => Reply::ignore(),
                };
                lab.call_later(now + PING_TIMEOUT / 3, impatient);
            }
            outs
        },
    ),
    Fault::handling(
        "ignores the answers to its pings, and disconnects clients that have answered",
        "CHATR-3.5",
        |lab, call| match call.frame() {
            Some(Frame::Pong { .. }) => Reply::ignore(),
            _ => lab.good(call),
        },
    ),
    Fault::timing(
        "closes the connection of a client that answers a ping with a wrong id",
        "CHATR-3.6",
        |lab, call| match call.frame() {
            Some(Frame::Pong { id }) if *lab.note(format!("ping {}", call.from)) != id => {
                let last = farewell(call.from, Reason::InvalidPacket);
                Reply::new(
                    matou_protocols::room::Flow::Closed,
                    vec![last, Out::Finish(call.from)],
                )
            }
            _ => lab.good(call),
        },
        |lab, _, outs| {
            for out in &outs {
                if let Out::One(to, bytes) = out
                    && let Some((Frame::Ping { id }, _)) = Room::said(bytes)
                {
                    *lab.note(format!("ping {to}")) = id;
                }
            }
            outs
        },
    ),
];

fn note_pong(lab: &mut Lab, call: Call<'_>) -> Reply {
    if call.frame().is_some() {
        *lab.note(format!("answered {}", call.from)) = 1;
    }
    lab.good(call)
}

/// If this packet tells a client that it is disconnected because of a timeout, returns the client.
fn timed_out(out: &Out) -> Option<ConnId> {
    match out {
        Out::One(id, bytes) if *bytes == Reason::TimeOut.frame().encoded() => Some(*id),
        _ => None,
    }
}

fn pinged(out: &Out) -> Option<ConnId> {
    match out {
        Out::One(id, bytes) => match Room::said(bytes) {
            Some((Frame::Ping { .. }, _)) => Some(*id),
            _ => None,
        },
        _ => None,
    }
}

/// Removes the frames for which `gone` returns true.
fn without(outs: Vec<Out>, mut gone: impl FnMut(ConnId, Frame<'_>) -> bool) -> Vec<Out> {
    let mut stays = |out: &Out| match out {
        Out::One(id, bytes) => Room::said(bytes).is_none_or(|(frame, _)| !gone(*id, frame)),
        _ => true,
    };
    outs.into_iter().filter(|out| stays(out)).collect()
}
