//! The input of an explanation: what a step expected, and the state of its connection.

use crate::evidence::{End, Stray};
use crate::grammar::{Grammar, PacketId, Value, Wire};

use super::words::value_in_words;

/// The state of a connection at the moment of a failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) grammar: &'a Grammar,
    /// The reading in which the case is played.
    pub(crate) wire: &'a Wire,
    /// The name of the lane.
    pub(crate) lane: &'a str,
    /// The bytes that were received and that no step has taken yet.
    pub(crate) unread: &'a [u8],
    /// How the target ended the connection, if it did.
    pub(crate) end: Option<End>,
    /// Set if the unread bytes begin with a frame that certainly does not belong to this case's conversation.
    pub(crate) stray: Option<Stray>,
}

/// The frame that a step expects, with the values of this play.
#[derive(Debug, Clone)]
pub(crate) struct WantedFrame {
    pub(crate) packet: PacketId,
    /// One entry per field of the packet.
    pub(crate) fields: Vec<WantedField>,
}

/// The value that a field must have.
#[derive(Debug, Clone)]
pub(crate) enum WantedField {
    /// This value.
    Is(Value),
    /// Any value; the step remembers it under this name.
    Bind(String),
    /// Any value.
    Any,
}

impl WantedField {
    /// Returns the value that the field must have; `None` if any value is right.
    pub(crate) fn value(&self) -> Option<&Value> {
        match self {
            WantedField::Is(value) => Some(value),
            WantedField::Bind(_) | WantedField::Any => None,
        }
    }
}

impl WantedFrame {
    /// Returns the frame as a scenario would write it, with the values of this play.
    pub(crate) fn in_words(&self, grammar: &Grammar) -> String {
        let packet = grammar.packet(self.packet);
        let mut words = packet.name.clone();
        for (field, wanted) in packet.fields.iter().zip(&self.fields) {
            let value = match wanted {
                WantedField::Is(value) => value_in_words(value),
                WantedField::Bind(name) => format!("?{name}"),
                WantedField::Any => "_".to_owned(),
            };
            words.push_str(&format!(" {}={value}", field.name));
        }
        words
    }
}
