//! The hot paths: the work of a server for each message, without sockets.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

use matou_protocols::room::{ConnId, Effects, Event, Protocol};
use matou_protocols::{chaton, chatos_1_0};

/// Number of clients in the room.
pub(crate) const MEMBERS: u64 = 1000;

/// Work that is repeated and measured.
pub(crate) struct HotPath {
    /// The name in tables.
    pub(crate) name: &'static str,
    /// Prepares the work. Each call of the returned function does the work once.
    pub(crate) prepare: fn() -> Box<dyn FnMut()>,
}

/// All hot paths.
pub(crate) const HOT_PATHS: [HotPath; 6] = [
    HotPath {
        name: "chaton: decode a MESSAGE of 64 bytes",
        prepare: || decode::<chaton::Room>(chaton::Options::default().codec(), chaton_message(64)),
    },
    HotPath {
        name: "chaton: decode a MESSAGE of 1024 bytes",
        prepare: || {
            decode::<chaton::Room>(chaton::Options::default().codec(), chaton_message(1024))
        },
    },
    HotPath {
        name: "chaton: a LOGIN and its end, among 1000",
        prepare: chaton_login,
    },
    HotPath {
        name: "chaton: the room takes a MESSAGE of 64 bytes",
        prepare: || {
            let codec = chaton::Options::default().codec();
            message_in(chaton_room(), codec, chaton_login_frame, chaton_message(64))
        },
    },
    HotPath {
        name: "chatos-1.0: decode an SMA of 64 bytes",
        prepare: || decode::<chatos_1_0::Room>((), chatos_message(64)),
    },
    HotPath {
        name: "chatos-1.0: the room takes an SMA of 64 bytes",
        prepare: || {
            let room = chatos_1_0::Room::new(chatos_1_0::Options::default());
            message_in(room, (), chatos_login_frame, chatos_message(64))
        },
    },
];

fn chaton_room() -> chaton::Room {
    chaton::Room::new(chaton::Options::default(), Box::new(|| 1))
}

fn string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn short_string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn name(number: u64) -> String {
    format!("client-{number:05}")
}

fn chaton_login_frame(number: u64) -> Vec<u8> {
    let mut bytes = vec![0];
    string(&mut bytes, &name(number));
    bytes
}

fn chaton_message(size: usize) -> Vec<u8> {
    let mut bytes = vec![3];
    string(&mut bytes, &name(1));
    string(&mut bytes, &"é".repeat(size / 2));
    bytes
}

fn chatos_login_frame(number: u64) -> Vec<u8> {
    let mut bytes = vec![1];
    short_string(&mut bytes, &name(number));
    bytes
}

fn chatos_message(size: usize) -> Vec<u8> {
    let mut bytes = vec![3];
    short_string(&mut bytes, &name(1));
    short_string(&mut bytes, &"é".repeat(size / 2));
    bytes
}

fn decode<P: Protocol>(codec: P::Codec, bytes: Vec<u8>) -> Box<dyn FnMut()> {
    Box::new(move || {
        let decoded = P::decode(&codec, black_box(&bytes)).unwrap();
        black_box(decoded.unwrap().1);
    })
}

/// Passes one command from a connection to the room.
fn take<P: Protocol>(
    room: &mut P,
    codec: &P::Codec,
    from: ConnId,
    bytes: &[u8],
    now: Instant,
    out: &mut Effects,
) {
    let (command, _) = P::decode(codec, bytes).unwrap().unwrap();
    room.step(from, Event::Command(command), now, out);
}

fn enter<P: Protocol>(
    room: &mut P,
    codec: &P::Codec,
    id: ConnId,
    login: &[u8],
    now: Instant,
    out: &mut Effects,
) {
    let address = SocketAddr::from(([127, 0, 0, 1], 50_000));
    room.step(id, Event::Opened(address), now, out);
    take(room, codec, id, login, now, out);
}

fn message_in<P: Protocol>(
    mut room: P,
    codec: P::Codec,
    login: fn(u64) -> Vec<u8>,
    message: Vec<u8>,
) -> Box<dyn FnMut()> {
    let now = Instant::now();
    let mut out = Effects::default();
    for number in 1..=MEMBERS {
        enter(
            &mut room,
            &codec,
            ConnId(number),
            &login(number),
            now,
            &mut out,
        );
    }
    Box::new(move || {
        out.clear();
        take(
            &mut room,
            &codec,
            ConnId(1),
            black_box(&message),
            now,
            &mut out,
        );
        black_box(out.bytes());
    })
}

fn chaton_login() -> Box<dyn FnMut()> {
    let (mut room, codec) = (chaton_room(), chaton::Options::default().codec());
    let now = Instant::now();
    let mut out = Effects::default();
    for number in 1..=MEMBERS {
        enter(
            &mut room,
            &codec,
            ConnId(number),
            &chaton_login_frame(number),
            now,
            &mut out,
        );
    }
    let login = chaton_login_frame(0);
    let mut next = MEMBERS;
    Box::new(move || {
        out.clear();
        next += 1;
        enter(
            &mut room,
            &codec,
            ConnId(next),
            black_box(&login),
            now,
            &mut out,
        );
        room.step(ConnId(next), Event::Gone, now, &mut out);
        black_box(out.bytes());
    })
}
