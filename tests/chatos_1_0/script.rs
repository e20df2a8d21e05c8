//! What the tests' script (`common/conversation.rs`) must know about ChatOS 1.0.

use std::convert::Infallible;

use matou_protocols::chatos_1_0::{Frame, Options, Room};
use matou_protocols::room::Entropy;

use super::conversation::{Conversation, Heard, Said, Spoken};
use super::frames::{cr, in_words};

pub(crate) use super::conversation::NOTHING;

pub(crate) type Chat = Conversation<Chatos10>;

pub(crate) struct Chatos10;

impl Spoken for Chatos10 {
    type Room = Room;
    type Options = Options;
    const ACCEPTED: &'static str = "ERROR OK";
    const ESTABLISHED: &'static str = "ERROR OK";
    const CLOSES_TUNNELS: bool = false;

    fn codec(_: &Options) {}

    fn room(options: Options, _: Entropy) -> Room {
        Room::new(options)
    }

    fn is_empty(room: &Room) -> bool {
        room.is_empty()
    }

    fn answer(never: &Infallible) -> Infallible {
        match *never {}
    }

    fn login(_: &(), name: &str) -> Vec<u8> {
        cr(name).encoded()
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

impl Said<Chatos10> for Frame<'_> {
    fn bytes(&self, _: &()) -> Vec<u8> {
        self.encoded()
    }
}
