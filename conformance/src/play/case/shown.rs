//! A case as data, for those who explain what went wrong in it.

use crate::evidence::{End, Failure, FailureKind, Look};
use crate::explain::{self, Shown, WantedField, WantedFrame};
use crate::grammar::Value;
use crate::scenario::{FramePattern, Pattern};

use super::{Case, ConnId};

impl Case<'_> {
    /// What a connection shows now.
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

    /// The frame that a pattern wants now. A value that cannot be had counts as any value.
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

    /// What a field must be; `None` if anything is right.
    pub(crate) fn wanted_value(&self, pattern: &Pattern) -> Result<Option<Value>, Box<Failure>> {
        match pattern {
            Pattern::Any => Ok(None),
            Pattern::Is(expression) => self.value(expression).map(Some),
            Pattern::Bind(name) => Ok(self.view.remembered.get(name).cloned()),
        }
    }

    /// Something came where nothing was to come.
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
