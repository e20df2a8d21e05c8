//! The connections of a case, and what was done on them.

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
    /// Name of its lane.
    pub(crate) lane: String,
    /// The name by which it logs in.
    pub(crate) login: String,
    /// Who it is, where names are identities.
    pub(crate) identity: Option<Identity>,
    /// Closed or aborted by the scenario: what still comes is ignored.
    pub(crate) left: bool,
    /// `stops-reading`.
    pub(crate) paused: bool,
    /// The packets that come unasked and that the lane answers.
    pub(crate) unasked: Unasked,
    /// Whether the runner opened it for a fence.
    pub(crate) is_helper: bool,
    pub(crate) sent: SentFrames,
    /// The packets among what was sent.
    pub(crate) has_sent: BTreeSet<PacketId>,
}

/// Something that was done on a connection.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) at: Instant,
    pub(crate) conn: ConnId,
    pub(crate) what: Doing,
}

/// What was done.
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

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The scenario says so.
    Scenario,
    /// It proves silence.
    Fence,
    /// It answers what came unasked.
    Answer,
}

/// How far a connection has been looked through for what is to be answered.
///
/// This has nothing to do with how far the steps have come: an answer is due when its question is there, and is given once,
/// in however many alternatives the question is looked at.
#[derive(Debug, Default)]
pub(crate) struct Unasked {
    /// Whether the lane answers at all.
    pub(crate) answers: bool,
    /// Number of received bytes that were looked through.
    pub(crate) seen: usize,
    /// Bytes came that are no frame: after them no frame is recognised.
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
    /// `None` where anything is right.
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

/// A send that waits for the next one of its lane, to share a segment with it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) conn: ConnId,
    pub(crate) send: usize,
    pub(crate) bytes: Vec<u8>,
}
