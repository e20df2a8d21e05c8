//! Fences: an exchange whose answer must arrive after everything that the server might have sent before, so that it
//! proves silence.

use std::collections::BTreeSet;

use super::{Frame, PacketId, Value};

/// An exchange that proves that nothing else was sent to one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The steps in order; [`Party::To`] sees the last one.
    pub steps: Vec<FenceStep>,
    /// The scenario that judges the packets of the fence. If it does not pass, proofs of silence prove nothing.
    pub proved_by: Option<String>,
}

impl Fence {
    /// Returns whether each lane has the exchange with the server alone: `from` has no part in it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.steps.iter().all(|step| step.who == Party::To)
    }
}

/// One packet of a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceStep {
    /// The lane, as one of the two.
    pub who: Party,
    /// Whether that lane sends it or sees it.
    pub direction: Direction,
    /// The packet.
    pub packet: PacketId,
    /// One expression per field, in the grammar's order.
    pub fields: Vec<FenceExpr>,
}

/// The two lanes of a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The lane whose actions might have broken the silence.
    From,
    /// The lane that must have received nothing.
    To,
}

/// The direction of a packet, seen from a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The lane sends it.
    Sends,
    /// The lane receives it.
    Sees,
}

/// A field of a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FenceExpr {
    /// `@from` or `@to`: the name of that lane.
    NameOf(Party),
    /// `$token`: a value that is new in every fence; text or a number, as the field needs.
    Token,
    /// `(signed)@to`: a signature by that lane's key over its name.
    SignatureOf(Party),
    /// The value that is written.
    Literal(Value),
    /// `_`: any value; only in what is seen.
    Any,
}

/// A packet that changes a connection: after it the server knows the lane by its name, or bytes have no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// The packet.
    pub packet: PacketId,
    /// The packet that the lane must have sent before, where this packet also answers other packets.
    pub after: Option<PacketId>,
    /// One per field of the packet: the value it must have, or `None` for any.
    pub fields: Vec<Option<Value>>,
}

impl Identification {
    /// Returns whether the frame is this packet, on a connection whose client has sent these packets.
    #[must_use]
    pub fn matches(&self, frame: &Frame, sent: &BTreeSet<PacketId>) -> bool {
        let fits = |(wanted, field): (&Option<Value>, &super::DecodedField)| {
            wanted.as_ref().is_none_or(|value| *value == field.value)
        };
        frame.packet == self.packet
            && self.after.is_none_or(|packet| sent.contains(&packet))
            && self.fields.iter().zip(&frame.fields).all(fits)
    }
}
