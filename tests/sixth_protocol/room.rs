//! What each packet of the noticeboard does (sections 3 to 5 of its document).

use std::convert::Infallible;
use std::time::Instant;

use matou_protocols::room::{ConnId, Effects, Event, Flow, Protocol};
use matou_protocols::wire::Malformed;

use super::frames::{ClientPacket, ServerPacket};

/// The maximum size of a note, in bytes.
const MAX_NOTE_BYTES: usize = 280;

/// All notes; the first has number 1.
#[derive(Debug, Default)]
pub(crate) struct Noticeboard {
    notes: Vec<String>,
}

impl Protocol for Noticeboard {
    const NAME: &'static str = "noticeboard";
    type Codec = ();
    type Command<'a> = ClientPacket<'a>;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode<'a>(
        (): &(),
        input: &'a [u8],
    ) -> Result<Option<(ClientPacket<'a>, usize)>, Malformed> {
        ClientPacket::decode(input)
    }

    fn turns_the_stream(_: &ClientPacket<'_>) -> bool {
        false
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<ClientPacket<'_>>,
        _: Instant,
        out: &mut Effects,
    ) -> Flow {
        match event {
            // Clients have no names in this protocol. So a new connection is a member of the room at once, and there is no
            // deadline for a login.
            Event::Opened(_) => {
                out.join(from, "");
                Flow::Frames
            }
            Event::Command(ClientPacket::Pin(text)) => {
                self.pin(from, text, out);
                Flow::Frames
            }
            Event::Command(ClientPacket::Read(number)) => {
                self.read(from, number, out);
                Flow::Frames
            }
            Event::Malformed(_) | Event::Overdue(_) | Event::ReadClosed => {
                out.finish(from);
                Flow::Closed
            }
            Event::Gone => Flow::Closed,
            // This room asks no questions.
            Event::Busy => Flow::Frames,
            Event::Answer(never) => match never {},
        }
    }
}

impl Noticeboard {
    fn pin(&mut self, from: ConnId, text: &str, out: &mut Effects) {
        if text.is_empty() || text.len() > MAX_NOTE_BYTES {
            out.one(from, &ServerPacket::Refused);
            return;
        }
        self.notes.push(text.to_owned());
        let number = i32::try_from(self.notes.len()).unwrap_or(i32::MAX);
        out.one(from, &ServerPacket::Pinned(number));
    }

    fn read(&self, from: ConnId, number: i32, out: &mut Effects) {
        let note = usize::try_from(number)
            .ok()
            .and_then(|number| self.notes.get(number.checked_sub(1)?));
        match note {
            Some(text) => out.one(from, &ServerPacket::Note(number, text)),
            None => out.one(from, &ServerPacket::NoNote(number)),
        }
    }
}
