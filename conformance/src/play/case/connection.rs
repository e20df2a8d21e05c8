//! The connections of a case, and the actions on them.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::grammar::{Frame, PacketId, Value};
use crate::identity::Identity;

use crate::play::lane::Connection;
use crate::play::shared::ledger::SentFrames;

use super::ConnId;

/// A connection of a case.
pub(crate) struct LaneConnection {
    pub(crate) socket: Connection,
    /// The name of its lane.
    pub(crate) lane: String,
    /// The name that the lane uses to log in.
    pub(crate) login: String,
    /// The lane's identity, in protocols with identities.
    pub(crate) identity: Option<Identity>,
    /// Whether the scenario closed or reset the connection. Bytes that arrive on it afterwards are ignored.
    pub(crate) left: bool,
    /// Whether the scenario has stopped reading from the connection (`stops-reading`).
    pub(crate) paused: bool,
    /// How far the lane has come in answering the packets that the target sent unasked.
    pub(crate) unasked: Unasked,
    /// Whether the runner opened the connection for a fence.
    pub(crate) is_helper: bool,
    pub(crate) sent: SentFrames,
    /// The packets that the lane has sent on the connection.
    pub(crate) has_sent: BTreeSet<PacketId>,
}

/// An action on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) at: Instant,
    pub(crate) conn: ConnId,
    pub(crate) what: Doing,
}

/// The kind of an action.
#[derive(Debug, Clone)]
pub(crate) enum Doing {
    Connected,
    Sent {
        bytes: Vec<u8>,
        length: usize,
        purpose: Purpose,
    },
    ShutDown,
    Closed,
    Aborted,
    Truncated,
    StoppedReading,
    ReadsAgain,
}

/// The purpose of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A step of the scenario sends the bytes.
    Scenario,
    /// The runner sends a packet of a fence, to prove silence.
    Fence,
    /// The lane answers a packet that arrived unasked.
    Answer,
}

/// The progress of the search for unasked packets, such as pings, that the lane must answer.
///
/// The search does not depend on the progress of the steps. The lane answers a packet as soon as it has arrived, and only
/// once, even if several alternatives of an `either` look at the packet.
#[derive(Debug, Default)]
pub(crate) struct Unasked {
    /// Whether the lane answers packets that arrive unasked.
    pub(crate) answers: bool,
    /// The number of received bytes that the search has looked through so far.
    pub(crate) seen: usize,
    /// Whether bytes arrived that are not a frame. After such bytes the search recognises no further packet.
    pub(crate) lost: bool,
}

impl Unasked {
    pub(crate) fn new(answers: bool) -> Unasked {
        Unasked {
            answers,
            ..Unasked::default()
        }
    }
}

/// A frame that a fence makes the server send.
#[derive(Debug, Clone)]
pub(crate) struct Outstanding {
    pub(crate) conn: ConnId,
    pub(crate) packet: PacketId,
    /// One entry per field: the value that the field must have, or `None` if any value is right.
    pub(crate) fields: Vec<Option<Value>>,
}

impl Outstanding {
    pub(crate) fn fits(&self, frame: &Frame) -> bool {
        frame.packet == self.packet
            && frame.fields.len() == self.fields.len()
            && self
                .fields
                .iter()
                .zip(&frame.fields)
                .all(|(wanted, field)| wanted.as_ref().is_none_or(|value| *value == field.value))
    }
}

/// A send that is held back until the next send of its lane, so that both share one segment.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) conn: ConnId,
    pub(crate) send: usize,
    pub(crate) bytes: Vec<u8>,
}
