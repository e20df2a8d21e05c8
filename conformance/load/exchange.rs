//! The state of an exchange that wire.kdl describes: the clients that take part, the values that they have received so far,
//! and the current step.

use std::collections::BTreeMap;

use conformance_suite::grammar::{Direction, Frame, LoadExpr, LoadLane, LoadStep, Value};

/// The clients in an exchange, by their roles, and the values that they have received in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parties {
    names: BTreeMap<LoadLane, String>,
    values: BTreeMap<String, Value>,
    text: String,
}

impl Parties {
    pub(crate) fn of(names: impl IntoIterator<Item = (LoadLane, String)>) -> Parties {
        Parties {
            names: names.into_iter().collect(),
            ..Parties::default()
        }
    }

    /// Returns the parties of an exchange in which only one client takes part.
    pub(crate) fn of_me(name: &str) -> Parties {
        Parties::of([(LoadLane::Me, name.to_owned())])
    }

    /// Returns the same parties, but with `text` as the text of the message to send.
    pub(crate) fn saying(mut self, text: &str) -> Parties {
        text.clone_into(&mut self.text);
        self
    }

    /// Returns the name of the client on a lane.
    pub(crate) fn name(&self, lane: LoadLane) -> Option<&str> {
        self.names.get(&lane).map(String::as_str)
    }

    /// Returns the value of a field. Returns `None` if any value is right, or if a key is needed to compute the value.
    pub(crate) fn value(&self, expr: &LoadExpr) -> Option<Value> {
        match expr {
            LoadExpr::NameOf(lane) => self.names.get(lane).cloned().map(Value::Text),
            LoadExpr::Text => Some(Value::Text(self.text.clone())),
            LoadExpr::Value(name) => self.values.get(name).cloned(),
            LoadExpr::Literal(value) => Some(value.clone()),
            // A signature needs a key, so `Speech` computes it. `Any` stands for every value, so there is no single value to
            // return.
            LoadExpr::SignatureOf(_) | LoadExpr::Any => None,
        }
    }

    /// Returns whether the step waits for this frame. If so, and if the step gives a new name to the value of a field,
    /// remembers this value.
    pub(crate) fn fits(&mut self, step: &LoadStep, frame: &Frame) -> bool {
        if frame.packet != step.packet {
            return false;
        }
        let mut learned = Vec::new();
        for (expr, field) in step.fields.iter().zip(&frame.fields) {
            match (self.value(expr), expr) {
                (Some(value), _) if value != field.value => return false,
                (None, LoadExpr::Value(name)) => learned.push((name.clone(), field.value.clone())),
                _ => {}
            }
        }
        self.values.extend(learned);
        true
    }
}

/// The position of one connection in an exchange.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    done: usize,
}

impl Progress {
    /// Returns the steps whose frames the client must send now: all steps before the next step that waits for a frame. The
    /// list is empty when the exchange is over.
    pub(crate) fn sends<'a>(&mut self, steps: &'a [LoadStep]) -> Vec<&'a LoadStep> {
        let left = steps.iter().skip(self.done);
        let sends = left.take_while(|step| step.direction == Direction::Sends);
        let sends: Vec<_> = sends.collect();
        self.done += sends.len();
        sends
    }

    /// Returns the step that waits for a frame.
    pub(crate) fn awaits<'a>(&self, steps: &'a [LoadStep]) -> Option<&'a LoadStep> {
        steps.get(self.done)
    }

    /// Moves to the next step. Call it when the frame for the current step has arrived.
    pub(crate) fn seen(&mut self) {
        self.done += 1;
    }
}
