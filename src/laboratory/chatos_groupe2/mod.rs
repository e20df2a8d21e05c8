//! The faults of ChatOS Groupe 2 servers in the parts that the document adds to Chaton's document. The faults in all other
//! parts are in the module `chaton`.

mod closing;
mod missing;
mod table;

use std::convert::Infallible;

use matou_protocols::chaton;
use matou_protocols::chatos_groupe2::{
    AcceptCloseConnection, ClientFrame, CloseConnection, Codec, Options, Room, ServerFrame,
};
use matou_protocols::room::{ConnId, Entropy, Protocol};

use crate::fault::{self, ANY, Specimen};
use crate::proxy::Meddle;
use crate::room::{self, Out, Subject, decode, raw};

pub use table::by_the_table;

type Fault = fault::Fault<Room>;
type Lab = crate::lab::Lab<Room>;
type Call<'a> = room::Call<'a, Room>;
type Heard<'a> = room::Heard<'a, Room>;
type Reply = room::Reply<Room>;

impl Subject for Room {
    const SUITE: &'static str = Room::NAME;
    type Said<'a> = ServerFrame<'a>;

    fn healthy(entropy: Entropy) -> Room {
        Room::new(Options::default(), entropy)
    }

    fn codec() -> Codec {
        Codec::default()
    }

    fn answer(never: Infallible) -> Infallible {
        match never {}
    }

    fn said(bytes: &[u8]) -> Option<(ServerFrame<'_>, usize)> {
        ServerFrame::decode(Codec::default(), bytes).ok().flatten()
    }

    fn is_same(one: &ClientFrame<'_>, other: &ClientFrame<'_>) -> bool {
        one == other
    }

    fn opening(bytes: &[u8]) -> Option<usize> {
        chaton::Room::opening(bytes)
    }
}

/// Encodes an ACCEPT_CLOSE_CONNECTION.
fn accept(login: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let accept = ServerFrame::AcceptCloseConnection(AcceptCloseConnection { login });
    accept.encode(Codec::default(), &mut bytes);
    bytes
}

fn is_accept(bytes: &[u8]) -> bool {
    let said = Room::said(bytes);
    said.is_some_and(|(frame, _)| matches!(frame, ServerFrame::AcceptCloseConnection(_)))
}

/// If the event is a CLOSE_CONNECTION of the client, returns this packet.
fn close<'a>(call: &Call<'a>) -> Option<CloseConnection<'a>> {
    match call.frame() {
        Some(ClientFrame::CloseConnection(close)) => Some(close),
        _ => None,
    }
}

/// Returns the same call with this CLOSE_CONNECTION, from this client.
fn closing<'a>(call: &Call<'a>, from: ConnId, close: CloseConnection<'a>) -> Call<'a> {
    let mut call = call.with(ClientFrame::CloseConnection(close));
    call.from = from;
    call
}

/// Works like the correct server, and notes the requester and the target of every connect_id.
fn watch(lab: &mut Lab, call: Call<'_>) -> Reply {
    use chaton::ServerFrame::IdPrivate;

    let reply = lab.good(call);
    for out in &reply.outs {
        let Out::One(_, bytes) = out else { continue };
        if let Some((
            ServerFrame::Chaton(IdPrivate {
                requester,
                target,
                connect_id,
            }),
            _,
        )) = Room::said(bytes)
        {
            for (party, name) in [("requester", requester), ("target", target)] {
                let id = lab.called(name).map_or(0, |id| id.0);
                *lab.note(format!("{party} {connect_id}")) = i64::try_from(id).unwrap_or(0);
            }
        }
    }
    reply
}

/// Returns the requester and the target of this connect_id, if [`watch`] has noted them.
fn parties(lab: &mut Lab, connect_id: i64) -> Option<[ConnId; 2]> {
    let [requester, target] = ["requester", "target"].map(|party| {
        let id = *lab.note(format!("{party} {connect_id}"));
        ConnId(id.unsigned_abs())
    });
    let none = ConnId(0);
    (requester != none && target != none).then_some([requester, target])
}

/// Returns all faults, in the order of the requirements.
pub fn faults() -> Vec<Specimen> {
    let closing = closing::FAULTS.iter();
    let closing = closing.map(|fault| fault.specimen(&["CLOSE_CONNECTION"]));
    let others = [
        closing::SPEAKS_BY_THE_TABLE.specimen(ANY),
        // Because of this fault, other cases that run at the same time may fail too.
        closing::TELLS_ALL_CLIENTS.specimen(ANY),
        closing::NEVER_FLUSHES.specimen(&["LOGIN_PRIVATE"]),
        closing::PASSES_ACCEPTS_ON.specimen(&["ACCEPT_CLOSE_CONNECTION"]),
    ];
    closing.chain(others).collect()
}

/// Returns a fault for each packet that a server may not implement.
pub fn missing_packets() -> Vec<Specimen> {
    let faults = missing::FAULTS.as_flattened().iter();
    faults.map(|fault| fault.specimen(ANY)).collect()
}
