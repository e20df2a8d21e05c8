//! The faults of ChatHack servers.

mod answers;
mod asking;
mod framing;
mod login;
mod messages;
mod missing;
mod password;

use std::collections::BTreeMap;
use std::time::Instant;

use matou_protocols::chathack::{
    Answer, ClientFrame, Options, Question, Received, Room, ServerFrame,
};
use matou_protocols::room::{ConnId, Entropy, Event};

use crate::fault::{self, ANY, Specimen};
use crate::room::{self, Subject};
use crate::running::StartError;

type Fault = fault::Fault<Room>;
type Lab = crate::lab::Lab<Room>;
type Call<'a> = room::Call<'a, Room>;
type Heard<'a> = room::Heard<'a, Room>;
type Decoded<'a> = room::Decoded<'a, Room>;
type Reply = room::Reply<Room>;
use room::{Out, decode, raw};

/// The login and the password of the only account on each server.
const ACCOUNT: (&str, &str) = ("arnaud", "townhall");

impl Subject for Room {
    const SUITE: &'static str = "chathack";
    type Said<'a> = ServerFrame<'a>;

    fn healthy(_: Entropy) -> Room {
        Room::new(Options::default())
    }

    fn codec() {}

    fn said(bytes: &[u8]) -> Option<(ServerFrame<'_>, usize)> {
        ServerFrame::decode(bytes).ok().flatten()
    }

    fn is_same(one: &Received<ClientFrame<'_>>, other: &Received<ClientFrame<'_>>) -> bool {
        one == other
    }

    /// Returns the settings that tell the suite the login and the password of the account.
    fn settings() -> Result<BTreeMap<String, String>, StartError> {
        let (login, password) = ACCOUNT;
        let pairs = [("login", login), ("password", password)];
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(owned.into())
    }

    fn answer(question: Question) -> Answer {
        let yes = match &question {
            Question::IsRight { login, password } => (&**login, &**password) == ACCOUNT,
            Question::IsAccount { login } => login == ACCOUNT.0,
        };
        if yes { Answer::Yes } else { Answer::No }
    }

    /// Always `None`: the server relays no private connections, because clients connect directly to each other.
    fn opening(_: &[u8]) -> Option<usize> {
        None
    }
}

/// Encodes a packet of the server.
fn bytes(frame: ServerFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    bytes
}

/// If the event is a packet of the client, returns the packet.
fn frame<'a>(call: &Call<'a>) -> Option<ClientFrame<'a>> {
    match call.frame() {
        Some(Received::Frame(frame)) => Some(frame),
        _ => None,
    }
}

/// Returns the same call with another packet.
fn with<'a>(call: &Call<'a>, frame: ClientFrame<'a>) -> Call<'a> {
    call.with(Received::Frame(frame))
}

/// Returns a call (an event of a connection) with this packet from this client.
fn heard(from: ConnId, frame: ClientFrame<'_>, now: Instant) -> Call<'_> {
    let event = Event::Command(Heard::Frame(Received::Frame(frame)));
    Call { from, event, now }
}

/// Returns true if the client of this call has this login.
fn is_own(lab: &Lab, call: &Call<'_>, login: &str) -> bool {
    lab.names.get(&call.from).is_some_and(|own| own == login)
}

/// Works like the correct server, but if `which` returns true for a packet, sends this packet to all clients.
fn to_all_clients(lab: &mut Lab, call: Call<'_>, which: fn(ServerFrame<'_>) -> bool) -> Reply {
    lab.good(call).map(|out| match out {
        Out::One(id, frame) => match Room::said(&frame) {
            Some((said, _)) if which(said) => vec![Out::All(frame)],
            _ => vec![Out::One(id, frame)],
        },
        out => vec![out],
    })
}

/// A list of faults of one kind, and the packets that they affect (see `fault::Fault::specimen`).
type Section = (&'static [Fault], &'static [&'static str]);

const SECTIONS: [Section; 6] = [
    (framing::FAULTS, ANY),
    (login::FAULTS, ANY),
    (
        password::FAULTS,
        &["LOGIN_PASSWORD", "LOGIN", "LOGIN_EXISTS"],
    ),
    (messages::FAULTS, ANY),
    (asking::FAULTS, &["ASK", "VALIDATE", "DENY"]),
    (answers::FAULTS, &["ASK", "VALIDATE", "DENY"]),
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
