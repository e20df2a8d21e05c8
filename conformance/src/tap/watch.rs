//! Finds the frames in the bytes between a client and a server, and what is wrong with them. This file does no IO.

use std::collections::BTreeSet;

use crate::grammar::{Choices, Decoded, Frame, Grammar, Identification, PacketId, Side, Wire};

/// Maximum length of an incomplete frame, in bytes. If a frame is still incomplete after this number of bytes, its length
/// field is probably wrong, and the watch stops looking for frames.
const LONGEST_FRAME: usize = 256 << 10;

/// Something that one side of a connection sent or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A complete frame.
    Frame {
        /// The decoded fields of the frame.
        frame: Frame,
        /// The bytes of the frame.
        bytes: Vec<u8>,
        /// What is wrong with the frame, if anything is.
        wrong: Option<String>,
    },
    /// Bytes that are not a frame of the side that sent them. The bytes after them cannot be decoded either.
    Broken {
        /// The bytes that cannot be decoded.
        bytes: Vec<u8>,
        /// Why these bytes are not a frame.
        why: String,
    },
    /// Bytes that are not frames: the protocol allows any bytes here, or they follow bytes that could not be decoded.
    Raw(Vec<u8>),
    /// The beginning of a frame. This side ended its direction of the connection before it had sent the whole frame.
    LeftOver(Vec<u8>),
    /// This side closed its direction of the connection with FIN.
    Fin,
    /// This side reset the connection.
    Reset,
}

impl Heard {
    /// Returns what is wrong with the frame, if anything is.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        match self {
            Heard::Frame { wrong, .. } => wrong.clone(),
            Heard::Broken { why, .. } => Some(why.clone()),
            Heard::LeftOver(bytes) => Some(match bytes.len() {
                1 => "an incomplete frame: only its first byte arrived".to_owned(),
                n => format!("an incomplete frame: only its first {n} bytes arrived"),
            }),
            Heard::Raw(_) | Heard::Fin | Heard::Reset => None,
        }
    }
}

/// Decodes the bytes of both sides of one connection, with one choice for each reading of the protocol.
#[derive(Debug)]
pub struct Watch<'a> {
    grammar: &'a Grammar,
    strict: &'a Wire,
    lenient: &'a Wire,
    client: Half,
    server: Half,
    turning: Turning,
}

/// What the two sides of a connection have sent so far. This decides whether the bytes after the next frame are frames or
/// raw bytes.
#[derive(Debug, Default)]
pub(crate) struct Turning {
    identified: bool,
    sent: BTreeSet<PacketId>,
}

impl Turning {
    /// Remembers a frame of this side, which may be a login that gives the connection a name. Returns whether this side
    /// sends only raw bytes after the frame.
    pub(crate) fn turns_raw(&mut self, grammar: &Grammar, side: Side, frame: &Frame) -> bool {
        if side == Side::Client {
            self.sent.insert(frame.packet);
        }
        let is = |that: &Identification| that.matches(frame, &self.sent);
        let turns_raw = !self.identified && grammar.raw_after.iter().any(is);
        self.identified |= side == Side::Server && grammar.identified_by.as_ref().is_some_and(is);
        turns_raw
    }
}

/// The state of one side: its bytes that are not decoded yet, and whether they can be frames.
#[derive(Debug, Default)]
struct Half {
    buffer: Vec<u8>,
    mode: Mode,
    /// What is wrong with the frame at the start of the buffer. It is reported together with the frame when the frame is
    /// complete.
    wrong: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// The side sends frames.
    #[default]
    Frames,
    /// The protocol allows any bytes here.
    Raw,
    /// The watch does not know where the next frame begins.
    Lost,
}

/// The two codecs of a tap. The strict codec has the protocol's limits. The lenient codec has no limits, so it finds the end
/// even of a frame that is too long.
#[derive(Debug, Clone)]
pub struct Wires {
    strict: Wire,
    lenient: Wire,
}

impl Wires {
    /// Returns the codecs for these choices.
    #[must_use]
    pub fn new(grammar: &Grammar, choices: &Choices) -> Wires {
        let mut limitless = grammar.clone();
        for field in limitless
            .packets
            .iter_mut()
            .flat_map(|packet| &mut packet.fields)
        {
            field.max_bytes = None;
            field.max_chars = None;
            field.min = None;
        }
        Wires {
            strict: grammar.in_reading(choices),
            lenient: limitless.in_reading(choices),
        }
    }

    /// Returns the codec with the protocol's limits.
    #[must_use]
    pub fn strict(&self) -> &Wire {
        &self.strict
    }

    /// Returns the codec without limits.
    #[must_use]
    pub fn lenient(&self) -> &Wire {
        &self.lenient
    }
}

impl<'a> Watch<'a> {
    /// Returns a watch for a new connection.
    #[must_use]
    pub fn new(grammar: &'a Grammar, wires: &'a Wires) -> Watch<'a> {
        Watch {
            grammar,
            strict: &wires.strict,
            lenient: &wires.lenient,
            client: Half::default(),
            server: Half::default(),
            turning: Turning::default(),
        }
    }

    /// Takes the next bytes that this side sent. Returns the frames and the other bytes that are now complete.
    pub fn hear(&mut self, side: Side, bytes: &[u8]) -> Vec<Heard> {
        self.half(side).buffer.extend_from_slice(bytes);
        let mut heard = Vec::new();
        while let Some(next) = self.next(side) {
            heard.push(next);
        }
        heard
    }

    /// Call this when a side sends nothing more. Returns the incomplete frame at the end of its bytes, if there is one.
    pub fn end(&mut self, side: Side) -> Option<Heard> {
        let left = std::mem::take(&mut self.half(side).buffer);
        (!left.is_empty()).then_some(Heard::LeftOver(left))
    }

    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn next(&mut self, side: Side) -> Option<Heard> {
        let (strict, lenient) = (self.strict, self.lenient);
        let half = self.half(side);
        if half.buffer.is_empty() {
            return None;
        }
        if half.mode != Mode::Frames {
            return Some(Heard::Raw(std::mem::take(&mut half.buffer)));
        }
        match strict.decode(side, &half.buffer) {
            Decoded::Frame(frame) => Some(self.take(side, frame)),
            Decoded::Partial(_) => self.wait_for_more(side),
            Decoded::Broken { why, .. } => {
                half.wrong.get_or_insert(why);
                // Perhaps the frame is only too long, or is a packet of the other side. In both cases, its end can still be
                // found.
                let attempts = [
                    lenient.decode(side, &half.buffer),
                    lenient.decode(side.other(), &half.buffer),
                ];
                let mut may_become_whole = false;
                for attempt in attempts {
                    match attempt {
                        Decoded::Frame(frame) => return Some(self.take(side, frame)),
                        Decoded::Partial(_) => may_become_whole = true,
                        Decoded::Broken { .. } => {}
                    }
                }
                if may_become_whole {
                    self.wait_for_more(side)
                } else {
                    Some(self.give_up(side))
                }
            }
        }
    }

    fn wait_for_more(&mut self, side: Side) -> Option<Heard> {
        let half = self.half(side);
        if half.buffer.len() <= LONGEST_FRAME {
            return None;
        }
        let why = format!("a frame of more than {LONGEST_FRAME} bytes");
        half.wrong.get_or_insert(why);
        Some(self.give_up(side))
    }

    /// Stops decoding this side. If the client sends raw bytes, it has opened a tunnel. In this case, bytes of the server
    /// that are not a frame come out of the tunnel: they are raw too, and nothing is wrong with them.
    fn give_up(&mut self, side: Side) -> Heard {
        let in_tunnel = self.client.mode == Mode::Raw && side == Side::Server;
        let half = self.half(side);
        let bytes = std::mem::take(&mut half.buffer);
        let why = half.wrong.take().unwrap_or_default();
        if in_tunnel {
            half.mode = Mode::Raw;
            return Heard::Raw(bytes);
        }
        half.mode = Mode::Lost;
        Heard::Broken { bytes, why }
    }

    fn take(&mut self, side: Side, frame: Frame) -> Heard {
        let half = self.half(side);
        let bytes: Vec<u8> = half.buffer.drain(..frame.length).collect();
        let wrong = half.wrong.take();
        if wrong.is_none() && self.turning.turns_raw(self.grammar, side, &frame) {
            self.half(side).mode = Mode::Raw;
        }
        Heard::Frame {
            frame,
            bytes,
            wrong,
        }
    }
}
