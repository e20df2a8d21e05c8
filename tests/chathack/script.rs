//! What the tests' script (`common/conversation.rs`) must know about ChatHack.

use matou_protocols::chathack::{Answer, ClientFrame, Options, Question, Room, ServerFrame};
use matou_protocols::room::Entropy;

use super::conversation::{Conversation, Heard, Said, Spoken};
use super::frames::{guest, in_words};

pub(crate) use super::conversation::NOTHING;

pub(crate) type Chat = Conversation<ChatHack>;

/// The accounts: logins and passwords.
pub(crate) const ACCOUNTS: [(&str, &str); 2] = [("arnaud", "townhall"), ("louis", "seashell")];

pub(crate) struct ChatHack;

impl Spoken for ChatHack {
    type Room = Room;
    type Options = Options;
    const ACCEPTED: &'static str = "CONNECTED";
    const ESTABLISHED: &'static str = "(no tunnel passes through this server)";
    const CLOSES_TUNNELS: bool = false;

    fn codec(_: &Options) {}

    fn room(options: Options, _: Entropy) -> Room {
        Room::new(options)
    }

    fn is_empty(room: &Room) -> bool {
        room.is_empty()
    }

    fn answer(question: &Question) -> Answer {
        let is_so = match question {
            Question::IsRight { login, password } => ACCOUNTS.contains(&(login, password)),
            Question::IsAccount { login } => ACCOUNTS.iter().any(|(known, _)| known == login),
        };
        if is_so { Answer::Yes } else { Answer::No }
    }

    fn login(_: &(), name: &str) -> Vec<u8> {
        guest(name).bytes(&())
    }

    fn hear(_: &(), bytes: &[u8]) -> Heard {
        let (frame, length) = ServerFrame::decode(bytes)
            .expect("the room sends valid packets")
            .expect("the room sends whole packets");
        Heard {
            words: in_words(frame),
            connect_id: None,
            length,
        }
    }
}

impl Said<ChatHack> for ClientFrame<'_> {
    fn bytes(&self, _: &()) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes
    }
}
