//! Packets in steps, sent or received: their names and their fields.

use super::Reader;
use super::step::Phrase;
use super::value::Target;
use crate::grammar::{Field, PacketId, Side, TypeKind, Value};
use crate::scenario::{Arrow, Expr, Pattern, Verb};
use crate::source::{Entry, Node, Word, did_you_mean, one_of};

/// A value that may be known before the scenario runs.
pub(super) trait WrittenOut {
    /// Returns the value, if it is known.
    fn written_out(&self) -> Option<&Value>;
}

impl WrittenOut for Expr {
    fn written_out(&self) -> Option<&Value> {
        match self {
            Expr::Literal(value) => Some(value),
            _ => None,
        }
    }
}

impl WrittenOut for Pattern {
    fn written_out(&self) -> Option<&Value> {
        match self {
            Pattern::Is(value) => value.written_out(),
            _ => None,
        }
    }
}

impl Reader<'_> {
    /// Returns the packet that a phrase names, if that side sends it.
    pub(super) fn packet_of(&mut self, phrase: &Phrase<'_>, side: Side) -> Option<PacketId> {
        let grammar = self.context.grammar;
        let name = phrase.word;
        let Some(id) = grammar.packet_named(name) else {
            let (message, help) = self.unknown_verb(name, side);
            return self.refuse(phrase.node, phrase.verb_span, message, help);
        };
        if !grammar.packet(id).from.include(side) {
            let help = match side {
                Side::Client => {
                    format!("to send it nevertheless, write: alice > raw (opcode){name} ...")
                }
                Side::Server => "reverse the arrow, or check `from=` in wire.kdl".to_owned(),
            };
            let message = format!("{name} is never sent by a {side}");
            return self.refuse(phrase.node, phrase.verb_span, message, help);
        }
        Some(id)
    }

    fn unknown_verb(&self, name: &str, side: Side) -> (String, String) {
        let (own, other, turned) = match side {
            Side::Client => (Arrow::Does, Arrow::Sees, "<"),
            Side::Server => (Arrow::Sees, Arrow::Does, ">"),
        };
        if Verb::of(name).arrow() == Some(other) {
            return (
                format!("`{name}` needs the other arrow"),
                format!("write: alice {turned} {name}"),
            );
        }
        if ["expect", "send", "wait", "sleep"].contains(&name) {
            let help =
                "the arrow is enough: `alice > LOGIN ...` sends, `alice < LOGIN_ACCEPTED` expects";
            return (format!("there is no word `{name}`"), help.to_owned());
        }
        let packets = self
            .context
            .grammar
            .packets
            .iter()
            .map(|packet| packet.name.as_str());
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return (format!("there is no packet {name}"), one_of(name, packets));
        }
        let own: Vec<&str> = Verb::words_after(own).collect();
        let help = did_you_mean(name, own.iter().copied().chain(packets)).unwrap_or_else(|| {
            format!(
                "write packets in CAPITALS; the words of this language are: {}",
                own.join(", ")
            )
        });
        (format!("there is no word `{name}`"), help)
    }

    /// Reads the values of all fields of a packet, in the packet's order.
    pub(super) fn fields_of<T: WrittenOut>(
        &mut self,
        phrase: &Phrase<'_>,
        packet: PacketId,
        read: fn(&mut Self, &Node, &Entry, &Target<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let grammar = self.context.grammar;
        let known = grammar.packet(packet);
        let mut fine = true;
        let names = || known.fields.iter().map(|field| field.name.as_str());
        for entry in phrase.arguments() {
            fine = false;
            let help = match known.fields.first() {
                Some(field) => format!(
                    "write the name of each field: {} {}=...",
                    known.name, field.name
                ),
                None => format!("{} has no fields", known.name),
            };
            self.error(
                phrase.node,
                &entry.span,
                format!("`{entry}` has no name"),
                help,
            );
        }
        for (key, _) in phrase.properties() {
            if known.field_named(&key.text).is_none() {
                fine = false;
                self.unknown_field(phrase.node, key, &known.name, names().collect());
            }
        }
        let mut values = Vec::new();
        for field in &known.fields {
            let Some(entry) = phrase.property(&field.name) else {
                if fine {
                    let help = format!(
                        "name every field: {} {}",
                        known.name,
                        names()
                            .map(|name| format!("{name}=..."))
                            .collect::<Vec<_>>()
                            .join(" ")
                    );
                    self.error(
                        phrase.node,
                        phrase.verb_span,
                        format!("{} lacks {}", known.name, field.name),
                        help,
                    );
                }
                fine = false;
                continue;
            };
            let target = Target::of_field(field, grammar);
            match read(self, phrase.node, entry, &target) {
                Some(value) => values.push(value),
                None => fine = false,
            }
        }
        let fine = fine && self.cases_fit(phrase, &known.fields, &values);
        fine.then_some(values)
    }

    /// Checks, where both are literals, that a field has the size that the field before it gives.
    fn cases_fit<T: WrittenOut>(
        &mut self,
        phrase: &Phrase<'_>,
        fields: &[Field],
        values: &[T],
    ) -> bool {
        let written = |index: usize| values.get(index).and_then(WrittenOut::written_out);
        let mut fine = true;
        for (index, field) in fields.iter().enumerate() {
            let tag = field
                .by
                .and_then(|by| Some((fields.get(by)?, written(by)?)));
            let Some((by, Value::Int(tag))) = tag else {
                continue;
            };
            let length = written(index).map(super::value::length_of);
            if let Some(message) = self.contradicts(field, &by.name, *tag, length) {
                fine = false;
                let entry = phrase.property(&field.name);
                let span = entry.map_or(phrase.verb_span, |entry| &entry.span);
                let help = "to send what contradicts wire.kdl, write: alice > raw (opcode)...";
                self.error(phrase.node, span, message, help);
            }
        }
        fine
    }

    /// Explains why a field cannot follow a field with the value `tag`, in any of the readings that are open.
    fn contradicts(
        &self,
        field: &Field,
        by: &str,
        tag: i128,
        length: Option<usize>,
    ) -> Option<String> {
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(&field.type_name, &self.choices);
        let cases = kinds.into_iter().filter_map(|kind| match kind {
            TypeKind::OneOf { cases } => cases.iter().find(|(case, _)| *case == tag),
            _ => None,
        });
        let named: Vec<&String> = cases.map(|(_, name)| name).collect();
        if named.is_empty() {
            return Some(format!("{} has no case for {by}={tag}", field.type_name));
        }
        let mut sized = named
            .iter()
            .flat_map(|name| grammar.kinds_of_type(name, &self.choices))
            .filter_map(|kind| grammar.sizes_of(kind, &self.choices));
        let (sizes, length) = (sized.next()?, length?);
        (!sizes.contains(&length)).then(|| {
            let sizes = super::literal::sizes_in_words(&sizes);
            format!("with {by}={tag}, {} has {sizes}, not {length}", field.name)
        })
    }

    fn unknown_field(&mut self, node: &Node, key: &Word, packet: &str, names: Vec<&str>) {
        let help = match key.text.as_str() {
            "within" => "write it in braces after the packet: { within \"5s\" }".to_owned(),
            "split" | "every" => {
                "write it in braces after the packet: { split every=1 }".to_owned()
            }
            _ if names.is_empty() => format!("{packet} has no fields"),
            other => one_of(other, names),
        };
        self.error(
            node,
            &key.span,
            format!("{packet} has no field {}", key.text),
            help,
        );
    }
}
