//! What happened on the lanes of a case, one thing at a time.

use serde::Serialize;

use super::failure::hex;

/// The bytes of one event that the report shows.
const SHOWN_BYTES: usize = 64;

/// The bytes of one event that are kept for a capture.
const KEPT_BYTES: usize = 4096;

/// Something that happened on a lane.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Milliseconds since the case began.
    pub at_ms: f64,
    /// The lane's name in the scenario; `(fence)` for the runner's own.
    pub lane: String,
    /// Which of the case's connections it was, in the order in which they were opened; a lane may have several.
    pub connection: usize,
    /// What happened.
    pub direction: Direction,
    /// The frame as it would be written in a scenario, or what else happened, in words.
    pub text: String,
    /// The fields of the frames in the bytes that are shown, each frame beginning with its opcode.
    pub fields: Vec<EventField>,
    /// The bytes in hexadecimal, at most 64 of them.
    pub bytes: String,
    /// How many bytes there were.
    pub length: usize,
    /// The bytes that are kept: the first of a long event, none of a very long case.
    #[serde(skip)]
    pub data: Vec<u8>,
    /// Whether it belongs to the conversation of another case.
    pub foreign: bool,
    /// Whether it belongs to a fence, with which the suite proves silence.
    pub fence: bool,
    /// Whether it came unasked and was put aside, or answers such a thing.
    pub unasked: bool,
    /// Whether no step took it.
    pub unexpected: bool,
    /// Why the bytes are no frame of the protocol, where they should have been one.
    pub remark: Option<String>,
    /// What TCP itself said with it.
    pub tcp: Option<TcpSign>,
}

/// The signs with which TCP begins and ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcpSign {
    /// It begins.
    Syn,
    /// Nothing more comes from this side.
    Fin,
    /// It is cut.
    Rst,
}

/// One field of a frame, and where its bytes lie in the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventField {
    /// Its name in wire.kdl, or `opcode`.
    pub name: String,
    /// Offset of its first byte in the event.
    pub offset: usize,
    /// How many bytes it takes, a length prefix included.
    pub length: usize,
    /// What they mean.
    pub value: String,
}

impl Event {
    /// Something that happened on a lane and was said in no bytes.
    #[must_use]
    pub fn of_words(lane: &str, connection: usize, direction: Direction, text: String) -> Event {
        Event {
            at_ms: 0.0,
            lane: lane.to_owned(),
            connection,
            direction,
            text,
            fields: Vec::new(),
            bytes: String::new(),
            length: 0,
            data: Vec::new(),
            foreign: false,
            fence: false,
            unasked: false,
            unexpected: false,
            remark: None,
            tcp: None,
        }
    }

    /// The same with what TCP said.
    #[must_use]
    pub fn with_sign(mut self, sign: TcpSign) -> Event {
        self.tcp = Some(sign);
        self
    }

    /// The same with the bytes that were said; `bytes` may be only the first of `length`.
    #[must_use]
    pub fn with_bytes(mut self, bytes: &[u8], length: usize) -> Event {
        self.bytes = hex(bytes, SHOWN_BYTES);
        self.length = length;
        self.data = bytes.iter().copied().take(KEPT_BYTES).collect();
        self
    }

    /// The same with what the bytes mean.
    #[must_use]
    pub fn with_meaning(mut self, meaning: Annotated) -> Event {
        self.text = meaning.text;
        self.fields = meaning.fields;
        self.fields.retain(|field| field.offset < SHOWN_BYTES);
        self.remark = meaning.remark;
        self
    }
}

/// Which way an event goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The lane sent something.
    Sends,
    /// Something came to the lane.
    Sees,
    /// The lane did something else: it connected, closed, stopped reading.
    Does,
    /// The target ended the connection.
    Ends,
}

/// What bytes say.
#[derive(Debug, Clone, Default)]
pub struct Annotated {
    /// The frames as they would be written in a scenario, and the number of the bytes after them.
    pub text: String,
    /// The fields of all these frames, and of a frame that is not whole.
    pub fields: Vec<EventField>,
    /// Why the bytes after them can never be a frame of that side.
    pub remark: Option<String>,
}
