//! Fences: exchanges that prove silence. The answer of a fence arrives after everything that the server sent before, so if
//! only the answer arrives, the server sent nothing else.

use std::collections::BTreeSet;

use super::{Frame, PacketId, Value};

/// An exchange that proves that nothing else was sent to one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The steps in their order. In the last step, [`Party::To`] receives a packet.
    pub steps: Vec<FenceStep>,
    /// The scenario that judges the packets of the fence. If it does not pass, fences prove nothing.
    pub proved_by: Option<String>,
}

impl Fence {
    /// Returns whether each lane does the exchange alone with the server, without `from`.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.steps.iter().all(|step| step.who == Party::To)
    }
}

/// One packet of a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceStep {
    /// The lane that sends or receives the packet.
    pub who: Party,
    /// Whether that lane sends or receives it.
    pub direction: Direction,
    /// The packet.
    pub packet: PacketId,
    /// One expression per field, in the grammar's order.
    pub fields: Vec<FenceExpr>,
}

/// The two lanes of a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The lane whose actions might have made the server send something.
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
    /// `@from` or `@to`: the name of the lane that sends the fence, or of the lane that receives it.
    NameOf(Party),
    /// `$token`: a value that is new in every fence. The token is a text or a number, as the field needs it.
    Token,
    /// `(signed)@to`: a signature by that lane's key over its name.
    SignatureOf(Party),
    /// A literal value.
    Literal(Value),
    /// `_`: any value. Only packets that a lane receives may contain it.
    Any,
}

impl From<Value> for FenceExpr {
    fn from(value: Value) -> FenceExpr {
        FenceExpr::Literal(value)
    }
}

/// A packet that changes a connection. After it the server knows the lane by its name (`identified-by`), or the bytes of the
/// connection are no longer packets (`raw-after`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// The packet.
    pub packet: PacketId,
    /// The packet that the lane must have sent before. Such a packet must be named if this packet also answers other
    /// packets.
    pub after: Option<PacketId>,
    /// One entry per field of the packet: the value that it must have, or `None` if any value is right.
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
