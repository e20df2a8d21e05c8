//! The fields that Wireshark shows, and their names in filters.
//!
//! Wireshark wants one type for each name. In a protocol, fields of several packets may have the same name and different
//! types. So each pair of a name and a kind of value is one field for Wireshark. If a name has several kinds of values, the
//! first kind has this name in filters, and the names of the other kinds end with the kind.

use std::collections::{BTreeMap, BTreeSet};

use super::lua::Lua;
use crate::grammar::{Bits, Choices, Extent, Grammar, HeadPart, IntType, TypeKind};

/// The names in filters that the runtime part uses itself; see `setup.lua`.
const OWN: [&str; 4] = ["mistake", "packet", "tunnel", "undecoded"];

/// Returns the kind of the numbers of this type: `big` if some of them do not fit into a signed integer of 64 bits,
/// otherwise `number`.
pub(super) fn kind_of_number(int: IntType) -> &'static str {
    match i64::try_from(int.max()) {
        Ok(_) => "number",
        Err(_) => "big",
    }
}

/// Returns the kind of a bit field, which is a number in some of the bits of an integer.
pub(super) fn kind_of_bits(bits: Bits) -> &'static str {
    if bits.width < 64 { "number" } else { "big" }
}

/// Returns the kind of the values of this type; `None` for a list, and for a type with several possible layouts.
pub(super) fn kind_of(kind: &TypeKind) -> Option<&'static str> {
    match kind {
        TypeKind::Int(int) => Some(kind_of_number(*int)),
        TypeKind::Text(_) => Some("text"),
        TypeKind::Bytes(_) => Some("bytes"),
        TypeKind::Uuid => Some("uuid"),
        TypeKind::OneOf { .. } | TypeKind::List { .. } => None,
    }
}

/// The fields that were found so far.
struct Shown<'a> {
    grammar: &'a Grammar,
    /// For each key, the name in filters.
    keys: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    fields: Vec<Lua>,
}

/// Returns a table for each field: its key, its name in filters, its label, and the kind of its values.
pub(super) fn shown(grammar: &Grammar) -> Lua {
    let mut shown = Shown {
        grammar,
        keys: BTreeMap::new(),
        taken: OWN.into_iter().map(str::to_owned).collect(),
        fields: Vec::new(),
    };
    shown.add_head();
    for field in grammar.packets.iter().flat_map(|packet| &packet.fields) {
        match field.bits {
            Some(bits) => {
                shown.add(&field.name, kind_of_bits(bits));
            }
            None => shown.add_type(&field.name, &field.type_name),
        }
    }
    Lua::List(shown.fields)
}

impl Shown<'_> {
    fn add_head(&mut self) {
        for part in &self.grammar.head.parts {
            match part {
                HeadPart::Constant(constant) => {
                    let kind = constant.int.map_or("bytes", kind_of_number);
                    self.add(&constant.name, kind);
                }
                HeadPart::Opcode(_) => self.add("opcode", "number"),
                HeadPart::Length { .. } => self.add("length", "number"),
            }
        }
    }

    /// Adds a field for each kind that the values of this type can have, in any reading.
    fn add_type(&mut self, name: &str, type_name: &str) {
        for kind in self.grammar.kinds_of_type(type_name, &Choices::new()) {
            match kind {
                TypeKind::OneOf { cases } => {
                    let cases = cases.iter();
                    cases.for_each(|(_, case)| self.add_type(name, case));
                }
                TypeKind::List { of, count } => {
                    if count.is_some() {
                        self.add_counter(name, "count", &format!("number of {name}"));
                    }
                    self.add_type(name, of);
                }
                plain => {
                    if let Some(Extent::Counted { .. }) = plain.extent() {
                        self.add_counter(name, "length", &format!("length of {name}"));
                    }
                    if let Some(kind) = kind_of(plain) {
                        self.add(name, kind);
                    }
                }
            }
        }
    }

    fn add(&mut self, name: &str, kind: &'static str) {
        let plain = in_filter(name);
        self.add_as(format!("{name} {kind}"), &plain, name, kind);
    }

    fn add_counter(&mut self, name: &str, what: &str, label: &str) {
        let plain = format!("{}.{what}", in_filter(name));
        self.add_as(format!("{name} {what}"), &plain, label, "number");
    }

    fn add_as(&mut self, key: String, plain: &str, label: &str, kind: &'static str) {
        if self.keys.contains_key(&key) {
            return;
        }
        let mut filter = plain.to_owned();
        while !self.taken.insert(filter.clone()) {
            filter.push('_');
            filter.push_str(kind);
        }
        let entries = [
            ("key", key.as_str()),
            ("filter", &filter),
            ("label", label),
            ("kind", kind),
        ];
        let entries = entries.map(|(name, value)| (name.to_owned(), Lua::text(value)));
        self.fields.push(Lua::Table(entries.to_vec()));
        self.keys.insert(key, filter);
    }
}

/// Returns a name as Wireshark accepts it in filters: every character that is not an ASCII letter, a digit or `_` becomes
/// `_`.
pub(super) fn in_filter(name: &str) -> String {
    let fits = |each: char| each.is_ascii_alphanumeric() || each == '_';
    let replaced = |each| if fits(each) { each } else { '_' };
    name.chars().map(replaced).collect()
}
