//! Describes the state of a case as data. The module `explain` uses these data to explain failures.

use crate::evidence::{End, Failure, FailureKind, Look};
use crate::explain::{self, Shown, WantedField, WantedFrame, WantedList};
use crate::scenario::{FramePattern, Pattern};

use super::{Case, ConnId};

impl Case<'_> {
    /// Returns the present state of a connection.
    pub(crate) fn shown(&self, conn: ConnId) -> Shown<'_> {
        Shown {
            grammar: &self.shared.suite.grammar,
            wire: self.wire,
            lane: &self.connections[conn].lane,
            unread: self.unread(conn),
            end: self.end_of(conn),
            stray: self.stray(conn),
        }
    }

    /// Returns the frame that a pattern asks for, according to the values known so far. If the value of a field is not known
    /// yet, any value is right for this field.
    pub(crate) fn wanted(&self, pattern: &FramePattern) -> WantedFrame {
        let field = |wanted: &Pattern| self.wanted_field(wanted).unwrap_or(WantedField::Any);
        WantedFrame {
            packet: pattern.packet,
            fields: pattern.fields.iter().map(field).collect(),
        }
    }

    /// Returns what value a field must have, according to the values that this play remembers.
    pub(crate) fn wanted_field(&self, pattern: &Pattern) -> Result<WantedField, Box<Failure>> {
        Ok(match pattern {
            Pattern::Any => WantedField::Any,
            Pattern::Undecided => WantedField::Undecided,
            Pattern::Is(expression) => WantedField::Is(self.value(expression)?),
            Pattern::Bind(name) => match self.view.remembered.get(name) {
                Some(value) => WantedField::Is(value.clone()),
                None => WantedField::Bind(name.clone()),
            },
            Pattern::List(list) => {
                let items = list.items.iter().map(|item| self.wanted_field(item));
                WantedField::List(WantedList {
                    items: items.collect::<Result<_, _>>()?,
                    in_any_order: list.in_any_order,
                    among_others: list.among_others,
                })
            }
        })
    }

    /// Returns the failure for something that arrived where silence was expected.
    pub(crate) fn broken_silence(&self, conn: ConnId, look: &Look) -> Failure {
        let kind = match look {
            Look::Ended(End::Flood) => FailureKind::Flood,
            Look::Ended(_) => FailureKind::Ended,
            _ => FailureKind::Unexpected,
        };
        let expected = "no bytes, and no end of the connection".to_owned();
        explain::something(&self.shown(conn), kind, expected, look)
    }
}
