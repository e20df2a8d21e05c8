//! The input of an explanation: what a step expected, and the state of its connection.

use crate::evidence::{End, Stray};
use crate::grammar::{Grammar, PacketId, Value, Wire};

use super::words::value_in_words;

/// The state of a connection at the moment of a failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) grammar: &'a Grammar,
    /// The codec for the choices of the readings that this play follows.
    pub(crate) wire: &'a Wire,
    /// The name of the lane.
    pub(crate) lane: &'a str,
    /// The received bytes that no step has used yet.
    pub(crate) unread: &'a [u8],
    /// How the target ended the connection, if it did.
    pub(crate) end: Option<End>,
    /// Set if the unread bytes begin with a frame that certainly belongs to another case or to a fence.
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
    /// Any value. The frame must have the field.
    Any,
    /// Any value, or none.
    Undecided,
    /// A list, with a `WantedField` for each of its values.
    List(WantedList),
}

/// The values that a list must have.
#[derive(Debug, Clone)]
pub(crate) struct WantedList {
    pub(crate) items: Vec<WantedField>,
    /// Whether the values may arrive in any order.
    pub(crate) in_any_order: bool,
    /// Whether other values may arrive, too.
    pub(crate) among_others: bool,
}

impl WantedField {
    /// Returns the value that the field must have; `None` if several values are right.
    pub(crate) fn value(&self) -> Option<Value> {
        match self {
            WantedField::Is(value) => Some(value.clone()),
            WantedField::Bind(_) | WantedField::Any | WantedField::Undecided => None,
            WantedField::List(list) if list.in_any_order || list.among_others => None,
            WantedField::List(list) => {
                let items = list.items.iter().map(WantedField::value);
                items.collect::<Option<_>>().map(Value::List)
            }
        }
    }

    /// Returns whether this value is right.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (WantedField::Is(wanted), value) => wanted == value,
            (WantedField::Bind(_) | WantedField::Any, value) => *value != Value::Absent,
            (WantedField::Undecided, _) => true,
            (WantedField::List(list), Value::List(values)) => list.accepts(values),
            (WantedField::List(_), _) => false,
        }
    }

    /// Returns the field as a scenario would write it, with the values of this play.
    pub(super) fn in_words(&self) -> String {
        match self {
            WantedField::Is(value) => value_in_words(value),
            WantedField::Bind(name) => format!("?{name}"),
            WantedField::Any | WantedField::Undecided => "_".to_owned(),
            WantedField::List(list) => {
                let items: Vec<String> = list.items.iter().map(WantedField::in_words).collect();
                let order = if list.in_any_order {
                    " in any order"
                } else {
                    ""
                };
                let others = if list.among_others {
                    " among others"
                } else {
                    ""
                };
                format!("[{}]{order}{others}", items.join(" "))
            }
        }
    }
}

impl WantedList {
    /// Returns the same list, but its values may arrive in any order.
    pub(super) fn in_any_order(&self) -> WantedList {
        WantedList {
            in_any_order: true,
            ..self.clone()
        }
    }

    pub(super) fn accepts(&self, values: &[Value]) -> bool {
        let enough = match self.among_others {
            true => values.len() >= self.items.len(),
            false => values.len() == self.items.len(),
        };
        enough
            && match (self.in_any_order, self.among_others) {
                (true, _) => self.are_among(values),
                (false, true) => self.are_in_order_among(values),
                (false, false) => {
                    let mut pairs = self.items.iter().zip(values);
                    pairs.all(|(wanted, value)| wanted.accepts(value))
                }
            }
    }

    /// Returns whether each wanted value is among these values. If other values may arrive too, lint allows only known
    /// values and `_` (any value) as wanted values. So this function first looks for the known values, and each `_` can
    /// match any value that is left.
    fn are_among(&self, values: &[Value]) -> bool {
        let mut left: Vec<&Value> = values.iter().collect();
        let mut known = self.items.iter().filter_map(WantedField::value);
        known.all(
            |wanted| match left.iter().position(|value| **value == wanted) {
                Some(index) => {
                    left.swap_remove(index);
                    true
                }
                None => false,
            },
        )
    }

    fn are_in_order_among(&self, values: &[Value]) -> bool {
        let mut values = values.iter();
        let mut wanted = self.items.iter();
        wanted.all(|wanted| values.any(|value| wanted.accepts(value)))
    }
}

impl WantedFrame {
    /// Returns the frame as a scenario would write it, with the values of this play.
    pub(crate) fn in_words(&self, grammar: &Grammar) -> String {
        let packet = grammar.packet(self.packet);
        let mut words = packet.name.clone();
        for (field, wanted) in packet.fields.iter().zip(&self.fields) {
            let is_shown = match wanted {
                WantedField::Undecided => false,
                wanted => wanted.value() != Some(Value::Absent),
            };
            if is_shown {
                words.push_str(&format!(" {}={}", field.name, wanted.in_words()));
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<WantedField>, in_any_order: bool, among_others: bool) -> WantedField {
        WantedField::List(WantedList {
            items,
            in_any_order,
            among_others,
        })
    }

    fn is(number: i128) -> WantedField {
        WantedField::Is(Value::Int(number))
    }

    fn values(numbers: &[i128]) -> Value {
        Value::List(numbers.iter().copied().map(Value::Int).collect())
    }

    #[test]
    fn a_list_accepts_the_values_that_its_words_allow() {
        let any = || WantedField::Any;
        for (wanted, right, wrong) in [
            (list(vec![is(1), any()], false, false), [1, 2], [2, 1]),
            (list(vec![is(1), is(2)], true, false), [2, 1], [1, 1]),
            (list(vec![is(1), any()], true, false), [3, 1], [3, 2]),
            (list(vec![is(1)], false, true), [3, 1], [3, 2]),
            (list(vec![is(2), is(3)], false, true), [2, 3], [3, 2]),
            (list(vec![is(1), is(1)], true, true), [1, 1], [1, 2]),
        ] {
            assert!(wanted.accepts(&values(&right)), "{wanted:?}");
            assert!(!wanted.accepts(&values(&wrong)), "{wanted:?}");
        }
        assert!(!list(vec![is(1)], false, false).accepts(&values(&[1, 1])));
        assert!(!list(vec![is(1), is(1)], true, true).accepts(&values(&[1])));
        assert!(list(Vec::new(), false, false).accepts(&values(&[])));
    }

    #[test]
    fn a_named_field_must_be_there() {
        assert!(!WantedField::Any.accepts(&Value::Absent));
        assert!(!WantedField::Bind("x".to_owned()).accepts(&Value::Absent));
        assert!(WantedField::Undecided.accepts(&Value::Absent));
        assert!(WantedField::Is(Value::Absent).accepts(&Value::Absent));
    }
}
