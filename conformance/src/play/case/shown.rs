//! The state of a case as data, for the explanation of a failure.

use crate::evidence::{End, Failure, FailureKind, Look};
use crate::explain::{self, Shown, WantedField, WantedFrame};
use crate::grammar::Value;
use crate::scenario::{FramePattern, Pattern};

use super::{Case, ConnId};

impl Case<'_> {
    /// Returns the state of a connection now.
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
        let field = |wanted: &Pattern| match (self.wanted_value(wanted), wanted) {
            (Ok(Some(value)), _) => WantedField::Is(value),
            (_, Pattern::Bind(name)) => WantedField::Bind(name.clone()),
            _ => WantedField::Any,
        };
        WantedFrame {
            packet: pattern.packet,
            fields: pattern.fields.iter().map(field).collect(),
        }
    }

    /// Returns the value that a field must have; `None` if any value is right.
    pub(crate) fn wanted_value(&self, pattern: &Pattern) -> Result<Option<Value>, Box<Failure>> {
        match pattern {
            Pattern::Any => Ok(None),
            Pattern::Is(expression) => self.value(expression).map(Some),
            Pattern::Bind(name) => Ok(self.view.remembered.get(name).cloned()),
        }
    }

    /// Returns the failure for something that arrived where silence was expected.
    pub(crate) fn broken_silence(&self, conn: ConnId, look: &Look) -> Failure {
        let kind = match look {
            Look::Ended(End::Flood) => FailureKind::Flood,
            Look::Ended(_) => FailureKind::Ended,
            _ => FailureKind::Unexpected,
        };
        let expected = "nothing, and an open connection".to_owned();
        explain::something(&self.shown(conn), kind, expected, look)
    }
}
