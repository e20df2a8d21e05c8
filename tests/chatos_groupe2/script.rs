//! What the tests' script (`common/conversation.rs`) must know about ChatOS Groupe 2.

use std::convert::Infallible;

use matou_protocols::chaton;
use matou_protocols::chatos_groupe2::{
    ClientFrame, CloseConnection, Codec, Options, Room, ServerFrame,
};
use matou_protocols::room::Entropy;

use super::conversation::{Conversation, Heard, Said, Spoken};
use super::frames::{connect_id, in_words, login};

pub(crate) use super::conversation::NOTHING;

pub(crate) type Chat = Conversation<ChatosGroupe2>;

pub(crate) struct ChatosGroupe2;

impl Spoken for ChatosGroupe2 {
    type Room = Room;
    type Options = Options;
    const ACCEPTED: &'static str = "LOGIN_ACCEPTED";
    const ESTABLISHED: &'static str = "ESTABLISHED";
    const CLOSES_TUNNELS: bool = true;

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
        let (words, connect_id) = match frame {
            ServerFrame::Chaton(frame) => (in_words(frame), connect_id(frame)),
            ServerFrame::AcceptCloseConnection(accept) => {
                (format!("ACCEPT_CLOSE_CONNECTION {}", accept.login), None)
            }
        };
        Heard {
            words,
            connect_id,
            length,
        }
    }
}

impl Said<ChatosGroupe2> for ClientFrame<'_> {
    fn bytes(&self, codec: &Codec) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(*codec, &mut bytes);
        bytes
    }
}

impl Said<ChatosGroupe2> for chaton::ClientFrame<'_> {
    fn bytes(&self, codec: &Codec) -> Vec<u8> {
        Said::<ChatosGroupe2>::bytes(&ClientFrame::from(*self), codec)
    }
}

/// Returns a CLOSE_CONNECTION.
pub(crate) fn close<'a>(connect_id: i64, requester: &'a str, target: &'a str) -> ClientFrame<'a> {
    ClientFrame::CloseConnection(CloseConnection {
        connect_id,
        requester,
        target,
    })
}
