//! What the tests' script (`common/conversation.rs`) must know about Chaton.

use std::convert::Infallible;

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room, ServerFrame};
use matou_protocols::room::Entropy;

use super::conversation::{Conversation, Heard, Said, Spoken};
use super::frames::{connect_id, in_words, login};

pub(crate) use super::conversation::NOTHING;

pub(crate) type Chat = Conversation<Chaton>;

pub(crate) struct Chaton;

impl Spoken for Chaton {
    type Room = Room;
    type Options = Options;
    const ACCEPTED: &'static str = "LOGIN_ACCEPTED";
    const ESTABLISHED: &'static str = "ESTABLISHED";
    const CLOSES_TUNNELS: bool = false;

    fn codec(options: &Options) -> Codec {
        options.codec()
    }

    fn room(options: Options, entropy: Entropy) -> Room {
        Room::new(options, entropy)
    }

    fn is_empty(room: &Room) -> bool {
        room.is_empty()
    }

    fn answer(never: &Infallible) -> Infallible {
        match *never {}
    }

    fn login(codec: &Codec, name: &str) -> Vec<u8> {
        Said::<Self>::bytes(&login(name), codec)
    }

    fn hear(codec: &Codec, bytes: &[u8]) -> Heard {
        let (frame, length) = ServerFrame::decode(*codec, bytes)
            .expect("the room sends valid frames")
            .expect("the room sends whole frames");
        Heard {
            words: in_words(frame),
            connect_id: connect_id(frame),
            length,
        }
    }
}

impl Said<Chaton> for ClientFrame<'_> {
    fn bytes(&self, codec: &Codec) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(*codec, &mut bytes);
        bytes
    }
}
