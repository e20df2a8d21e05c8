//! Fields that a step may omit, because not every packet has them.

use super::FieldValue;
use crate::grammar::{Field, Grammar, Packet, Presence, Sort, Value};
use crate::scenario::read::value::Target;

/// Whether a step must name a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The packet has the field.
    Yes,
    /// The packet does not have the field.
    No,
    /// The step decides whether the packet has the field.
    Free,
    /// Whether the packet has the field depends on a value that is not known yet.
    Unknown,
}

/// Returns whether a step must name the field with this index. `earlier` are the values of the fields before it.
pub(super) fn due<T: FieldValue>(packet: &Packet, index: usize, earlier: &[T]) -> Due {
    let written = |index: usize| earlier.get(index).and_then(FieldValue::written_out);
    match presence(packet, index) {
        Presence::Always => Due::Yes,
        Presence::Optional { first } if first == index => Due::Free,
        Presence::Optional { first } if written(first) == Some(&Value::Absent) => Due::No,
        Presence::Optional { .. } => Due::Yes,
        Presence::When { field, is } => match written(field) {
            None => Due::Unknown,
            Some(value) if *value == Value::Int(is) => Due::Yes,
            Some(_) => Due::No,
        },
    }
}

/// Returns the condition under which a packet has the field with this index, such as `if success=0`.
pub(super) fn condition(packet: &Packet, index: usize) -> String {
    let field = |index: usize| packet.fields.get(index);
    let name_of = |index: usize| field(index).map_or("", |field| field.name.as_str());
    match presence(packet, index) {
        Presence::When { field, is } => format!("if {}={is}", name_of(field)),
        Presence::Optional { first } => format!("together with {}", name_of(first)),
        Presence::Always => "always".to_owned(),
    }
}

fn presence(packet: &Packet, index: usize) -> Presence {
    let field = packet.fields.get(index);
    field.map_or(Presence::Always, |field| field.presence)
}

/// Returns an example in which a step names every field of a packet, such as `number=... { names ... }`.
pub(super) fn all_fields(packet: &Packet, grammar: &Grammar) -> String {
    let is_list = |field: &&Field| Target::of_field(field, grammar).sort == Sort::List;
    let (lists, others): (Vec<&Field>, Vec<&Field>) = packet.fields.iter().partition(is_list);
    let others = others.iter().map(|field| format!("{}=...", field.name));
    let mut all: Vec<String> = others.collect();
    if !lists.is_empty() {
        let lists: Vec<String> = lists
            .iter()
            .map(|field| format!("{} ...", field.name))
            .collect();
        all.push(format!("{{ {} }}", lists.join("; ")));
    }
    all.join(" ")
}
