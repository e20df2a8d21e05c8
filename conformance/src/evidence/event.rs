//! The events on the lanes of a case.

use serde::Serialize;

use super::failure::hex;

/// Maximum number of bytes that the report shows for one event.
const SHOWN_BYTES: usize = 64;

/// Maximum number of bytes of one event that are kept for a capture (a pcapng file).
const KEPT_BYTES: usize = 4096;

/// An event on a lane.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Milliseconds since the case began.
    pub at_ms: f64,
    /// The lane's name in the scenario; `(fence)` for the lane that the runner itself opened.
    pub lane: String,
    /// The number of the connection in the case, in the order in which connections were opened. A lane may have several
    /// connections, one after the other.
    pub connection: usize,
    /// The kind of event.
    pub direction: Direction,
    /// The frames of the event, as a scenario would write them. For an event without bytes, a description.
    pub text: String,
    /// The fields of the frames that `text` describes. The opcode of each frame is a field too.
    pub fields: Vec<EventField>,
    /// The bytes in hexadecimal, at most 64 of them.
    pub bytes: String,
    /// The number of bytes.
    pub length: usize,
    /// The first bytes, for a capture; at most 4096 of them.
    #[serde(skip)]
    pub data: Vec<u8>,
    /// Whether the event belongs to the conversation of another case.
    pub foreign: bool,
    /// Whether the event belongs to a fence: an exchange with which the suite proves that the target sent nothing else.
    pub fence: bool,
    /// Whether the event is a packet that the target sent unasked (such as a ping), without a step that expected it. Also
    /// true for the lane's answer to such a packet.
    pub unasked: bool,
    /// Whether something arrived in this event that no step expected.
    pub unexpected: bool,
    /// Whether a step of the case, or the runner itself, used the bytes that arrived in this event. Bytes that arrive on a
    /// lane after the lane has left the chat often remain unused.
    #[serde(skip)]
    pub taken: bool,
    /// Why the bytes are not a frame of the protocol; `None` if they are a frame, or if no frame was expected.
    pub remark: Option<String>,
    /// If the event begins or ends a connection, the TCP flag that is sent or received with it.
    pub tcp: Option<TcpSign>,
}

/// The TCP flags that begin and end a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TcpSign {
    /// The connection begins.
    Syn,
    /// The side that sends this flag sends no more bytes.
    Fin,
    /// The connection is reset.
    Rst,
}

/// One field of a frame, and the position of its bytes in the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventField {
    /// The field's name in wire.kdl, or `opcode`.
    pub name: String,
    /// Offset of the field's first byte in the event.
    pub offset: usize,
    /// The number of the field's bytes, including its length prefix.
    pub length: usize,
    /// The field's value, as text for a person.
    pub value: String,
}

impl Event {
    /// Returns an event without bytes.
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
            taken: false,
            remark: None,
            tcp: None,
        }
    }

    /// Returns the event with a TCP flag.
    #[must_use]
    pub fn with_sign(mut self, sign: TcpSign) -> Event {
        self.tcp = Some(sign);
        self
    }

    /// Returns the event with its bytes. `length` is their number; `bytes` may be only the first of them.
    #[must_use]
    pub fn with_bytes(mut self, bytes: &[u8], length: usize) -> Event {
        self.bytes = hex(bytes, SHOWN_BYTES);
        self.length = length;
        self.data = bytes.get(..KEPT_BYTES).unwrap_or(bytes).to_vec();
        self
    }

    /// Returns the event with a description of its bytes.
    #[must_use]
    pub fn with_meaning(mut self, meaning: Annotated) -> Event {
        self.text = meaning.text;
        self.fields = meaning.fields;
        self.fields.retain(|field| field.offset < SHOWN_BYTES);
        self.remark = meaning.remark;
        self
    }
}

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The lane sent something.
    Sends,
    /// The lane received something.
    Sees,
    /// The lane did something else: for example, it connected, closed or stopped reading.
    Does,
    /// The target ended the connection.
    Ends,
}

/// The meaning of bytes.
#[derive(Debug, Clone, Default)]
pub struct Annotated {
    /// The frames in the bytes, as a scenario would write them, and the number of bytes after these frames.
    pub text: String,
    /// The fields of all these frames, and of an incomplete frame after them.
    pub fields: Vec<EventField>,
    /// Why the bytes after these frames can never become a frame. `None` if they may still become one.
    pub remark: Option<String>,
}
