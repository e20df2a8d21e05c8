//! What the tests' script (`common/conversation.rs`) must know about Chatr Connect. The UUID of a client consists of the
//! bytes of its name.

use std::net::IpAddr;

use matou_protocols::chatr::{Claim, Frame, Options, Room, Verdict};
use matou_protocols::room::Entropy;
use uuid::Uuid;

use super::conversation::{Conversation, Heard, Said, Spoken};

pub(crate) use super::conversation::NOTHING;

pub(crate) type Chat = Conversation<Chatr>;

pub(crate) struct Chatr;

/// The signature that every client sends. The script treats every other signature as wrong.
const SIGNATURE: &[u8] = b"a signature";

impl Spoken for Chatr {
    type Room = Room;
    type Options = Options;
    const ACCEPTED: &'static str = "CONNECTED";
    const ESTABLISHED: &'static str = "there are no tunnels";
    const CLOSES_TUNNELS: bool = false;

    fn codec(_: &Options) {}

    fn room(options: Options, entropy: Entropy) -> Room {
        Room::new(options, entropy)
    }

    fn is_empty(room: &Room) -> bool {
        room.is_empty()
    }

    fn answer(claim: &Claim) -> Verdict {
        match *claim.signature == *SIGNATURE {
            true => Verdict::Verified,
            false => Verdict::Refuted,
        }
    }

    fn login(_: &(), name: &str) -> Vec<u8> {
        connect(name).encoded()
    }

    fn hear(_: &(), bytes: &[u8]) -> Heard {
        let (frame, length) = Frame::decode_from_server(bytes)
            .expect("the room sends valid packets")
            .expect("the room sends whole packets");
        Heard {
            words: in_words(frame),
            connect_id: None,
            length,
        }
    }
}

impl Said<Chatr> for Frame<'_> {
    fn bytes(&self, _: &()) -> Vec<u8> {
        self.encoded()
    }
}

/// Returns the UUID of a client whose name has at most 16 bytes.
pub(crate) fn uuid(name: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    Uuid::from_bytes(bytes)
}

fn name(uuid: Uuid) -> String {
    let bytes = uuid.as_bytes();
    String::from_utf8_lossy(bytes)
        .trim_end_matches('\0')
        .to_owned()
}

/// Describes a packet of the server in one line.
fn in_words(frame: Frame<'_>) -> String {
    match frame {
        Frame::Connect { .. } | Frame::Pong { .. } => panic!("the server never sends {frame}"),
        Frame::Disconnect { message } => format!("DISCONNECT {message}"),
        Frame::Connected => "CONNECTED".to_owned(),
        Frame::Ping { id } => format!("PING {id}"),
        Frame::ConnectionRequest {
            uuid,
            private_endpoint,
        } => format!("REQUEST {} {private_endpoint}", name(uuid)),
        Frame::ConnectionRequestAccept {
            uuid,
            private_endpoint,
        } => format!("ACCEPT {} {private_endpoint}", name(uuid)),
        Frame::ConnectionRequestDenied { uuid } => format!("DENIED {}", name(uuid)),
        Frame::ClientInfo {
            uuid,
            public_endpoint,
        } => format!("INFO {} {public_endpoint}", name(uuid)),
    }
}

/// Returns a PacketConnect with the UUID of this name and with [`SIGNATURE`].
pub(crate) fn connect(name: &str) -> Frame<'static> {
    Frame::Connect {
        version: 1,
        uuid: uuid(name),
        signature: SIGNATURE,
    }
}

/// Returns a PacketConnectionRequest.
pub(crate) fn request(whom: &str, endpoint: &str) -> Frame<'static> {
    Frame::ConnectionRequest {
        uuid: uuid(whom),
        private_endpoint: address(endpoint),
    }
}

/// Returns a PacketConnectionRequestAccept.
pub(crate) fn accept(whom: &str, endpoint: &str) -> Frame<'static> {
    Frame::ConnectionRequestAccept {
        uuid: uuid(whom),
        private_endpoint: address(endpoint),
    }
}

/// Returns a PacketConnectionRequestDenied.
pub(crate) fn deny(whom: &str) -> Frame<'static> {
    Frame::ConnectionRequestDenied { uuid: uuid(whom) }
}

/// Returns a PacketPong.
pub(crate) fn pong(id: i64) -> Frame<'static> {
    Frame::Pong { id }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("the test writes an address")
}

impl Chat {
    /// Returns a room with the default options, in which these clients are connected.
    pub(crate) fn of<const N: usize>(people: [&'static str; N]) -> Chat {
        Chat::with(Options::default(), people)
    }

    /// Returns a room with these options, in which these clients are connected.
    pub(crate) fn with<const N: usize>(options: Options, people: [&'static str; N]) -> Chat {
        let mut chat = Chat::new(options);
        chat.answers_come_later = true;
        for who in people {
            chat.arrives(who);
            chat.proves(who, who);
        }
        chat
    }

    /// Makes a connected client send PacketConnect with the UUID of this name. The room accepts it.
    pub(crate) fn proves(&mut self, who: &'static str, name: &str) {
        assert_eq!(self.says(who, connect(name)), NOTHING);
        let heard = self.is_answered(who);
        assert_eq!(heard, [format!("{who} < CONNECTED")]);
    }
}
