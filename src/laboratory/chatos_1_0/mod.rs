//! The faults of ChatOS 1.0 servers.

mod framing;
mod messages;
mod missing;
mod negotiation;
mod private_connection;
mod pseudonym;

use std::convert::Infallible;
use std::time::Instant;

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Negotiation, Options, Room};
use matou_protocols::room::{ConnId, Entropy, Event, Protocol};

use crate::fault::{self, ANY, Specimen};
use crate::room::{self, Subject};

type Fault = fault::Fault<Room>;
type Lab = crate::lab::Lab<Room>;
type Call<'a> = room::Call<'a, Room>;
type Heard<'a> = room::Heard<'a, Room>;
type Decoded<'a> = room::Decoded<'a, Room>;
type Reply = room::Reply<Room>;
use room::{Out, decode};

impl Subject for Room {
    const SUITE: &'static str = "chatos-1.0";
    type Said<'a> = Frame<'a>;

    fn healthy(_: Entropy) -> Room {
        Room::new(Options::default())
    }

    fn codec() {}

    fn answer(never: Infallible) -> Infallible {
        match never {}
    }

    fn said(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
        Frame::decode_from_server(bytes).ok().flatten()
    }

    fn is_same(one: &Frame<'_>, other: &Frame<'_>) -> bool {
        one == other
    }

    fn opening(bytes: &[u8]) -> Option<usize> {
        let heard = Frame::decode(bytes).ok().flatten();
        let opening = heard.filter(|(frame, _)| Room::turns_the_stream(frame));
        opening.map(|(_, length)| length)
    }
}

/// Encodes a packet.
fn bytes(frame: Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    bytes
}

/// Returns a call (an event of a connection) with this packet from this client.
fn heard(from: ConnId, frame: Frame<'_>, now: Instant) -> Call<'_> {
    let event = Event::Command(Heard::Frame(frame));
    Call { from, event, now }
}

/// Returns the effect that sends an ERROR to one client.
fn told(to: ConnId, code: ErrorCode) -> Out {
    Out::One(to, bytes(code.frame()))
}

/// Works like the correct server, but sends no OK to the sender of the packet.
fn without_ok(lab: &mut Lab, call: Call<'_>) -> Reply {
    let ok = told(call.from, ErrorCode::Ok);
    lab.good(call)
        .map(|out| if out == ok { vec![] } else { vec![out] })
}

/// Works like the correct server, but if `which` returns true for a packet, sends this packet to all clients.
fn to_all_clients(lab: &mut Lab, call: Call<'_>, which: impl Fn(Frame<'_>) -> bool) -> Reply {
    lab.good(call).map(|out| match out {
        Out::One(id, frame) => match Room::said(&frame) {
            Some((said, _)) if which(said) => vec![Out::All(frame)],
            _ => vec![Out::One(id, frame)],
        },
        out => vec![out],
    })
}

/// Returns the name of a note about a negotiation. The name consists of `what` and the three fields of the negotiation.
fn key(what: &str, negotiation: Negotiation<'_>) -> String {
    let Negotiation {
        sender,
        recipient,
        password,
    } = negotiation;
    format!("{what} {sender} {password} {recipient}")
}

/// A list of faults of one kind, and the packets that they affect (see `fault::Fault::specimen`).
type Section = (&'static [Fault], &'static [&'static str]);

const SECTIONS: [Section; 5] = [
    (framing::FAULTS, ANY),
    (pseudonym::FAULTS, ANY),
    (messages::FAULTS, ANY),
    (
        negotiation::FAULTS,
        &["TCP_ASK", "TCP_ABORT", "TCP_ACCEPT", "TCP_CONNECT"],
    ),
    (
        private_connection::FAULTS,
        &["TCP_ASK", "TCP_ACCEPT", "TCP_CONNECT"],
    ),
];

/// Returns all faults, in the order of the requirements.
pub fn faults() -> Vec<Specimen> {
    let touching = |(faults, touches): Section| faults.iter().map(move |it| it.specimen(touches));
    SECTIONS.into_iter().flat_map(touching).collect()
}

/// Returns a fault for each packet that a server may not implement.
pub fn missing_packets() -> Vec<Specimen> {
    let faults = missing::FAULTS.as_flattened().iter();
    faults.map(|fault| fault.specimen(ANY)).collect()
}
