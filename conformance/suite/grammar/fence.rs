//! Fences: exchanges of packets that prove silence. The server's answer to a fence arrives after everything that the server
//! sent earlier. So if only the answer arrives, the server has sent nothing else.

use std::collections::BTreeSet;

use super::{Frame, PacketId, Value};

/// An exchange of packets that proves that the server sent nothing else to one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The steps in their order. In the last step, [`Party::To`] receives a packet.
    pub steps: Vec<FenceStep>,
    /// The scenario that judges the packets of the fence. If it does not pass, fences prove nothing.
    pub proved_by: Option<String>,
}

impl Fence {
    /// Returns whether the exchange is only between one lane and the server: no step belongs to [`Party::From`].
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
    /// One expression per field, in the order of wire.kdl.
    pub fields: Vec<FenceExpr>,
}

/// The two lanes of a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The lane whose actions might have made the server send something.
    From,
    /// The lane that must receive nothing except the fence.
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
    /// `@from` or `@to`: the name under which this lane is logged in.
    NameOf(Party),
    /// `$token`: a value that is new in every fence. The token is a text or a number, depending on the type of the field.
    Token,
    /// `(signed)@to`: a signature over this lane's name, made with the lane's key.
    SignatureOf(Party),
    /// A literal value.
    Literal(Value),
    /// `_`: any value. Only packets that a lane receives may contain a `_`.
    Any,
}

impl From<Value> for FenceExpr {
    fn from(value: Value) -> FenceExpr {
        FenceExpr::Literal(value)
    }
}

/// A packet that changes the state of a connection. After this packet, the server knows the client's name (`identified-by`),
/// or the bytes on the connection are no longer packets (`raw-after`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// The packet.
    pub packet: PacketId,
    /// The packet that the lane must have sent before. It is necessary if the server also sends `packet` as an answer to
    /// other packets.
    pub after: Option<PacketId>,
    /// One entry per field of the packet: the value that it must have, or `None` if any value is right.
    pub fields: Vec<Option<Value>>,
}

impl Identification {
    /// Returns whether the frame is this packet. `sent` holds the packets that the client has sent on the connection.
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
