//! The faults of Chaton servers.

mod chat;
mod framing;
mod login;
mod missing;
mod negotiation;
mod tunnel;

use std::convert::Infallible;

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room, ServerFrame};
use matou_protocols::room::{Entropy, Protocol};

use crate::fault::{self, ANY, Specimen};
use crate::room::{self, Out, Subject, decode, raw};

type Fault = fault::Fault<Room>;
type Lab = crate::lab::Lab<Room>;
type Call<'a> = room::Call<'a, Room>;
type Heard<'a> = room::Heard<'a, Room>;
type Decoded<'a> = room::Decoded<'a, Room>;
type Reply = room::Reply<Room>;

impl Subject for Room {
    const SUITE: &'static str = "chaton";
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
        let heard = Room::decode(&Codec::default(), bytes).ok().flatten();
        let opening = heard.filter(|(frame, _)| matches!(frame, ClientFrame::LoginPrivate { .. }));
        opening.map(|(_, length)| length)
    }
}

/// Encodes a frame of the server.
fn bytes(frame: ServerFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(Codec::default(), &mut bytes);
    bytes
}

/// A list of faults of one kind, and the packets that they affect (see `fault::Fault::specimen`).
type Section = (&'static [Fault], &'static [&'static str]);

const SECTIONS: [Section; 6] = [
    (framing::FAULTS, ANY),
    (login::FAULTS, &["LOGIN"]),
    (chat::FAULTS, &["MESSAGE", "MESSAGE_PRIVATE"]),
    (chat::FAULTS_FOR_ALL_CLIENTS, ANY),
    (
        negotiation::FAULTS,
        &["REQUEST_PRIVATE", "OK_PRIVATE", "KO_PRIVATE"],
    ),
    (tunnel::FAULTS, &["LOGIN_PRIVATE"]),
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
