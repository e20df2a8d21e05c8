//! Reads `packet` and its fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reader;
use crate::grammar::{Choices, Field, Packet, Senders, Sort, TypeKind};
use crate::source::{Entry, Node, Shape, is_first, one_of};

const EXAMPLE: &str =
    "packet MESSAGE 3 from=both { field login STRING; field msg STRING max-bytes=1024 }";

impl Reader<'_> {
    pub(super) fn packet(&mut self, node: &Node) {
        let shape = Shape {
            arguments: (2, 2),
            properties: &["from", "ambient", "answered-by"],
            block: true,
            example: EXAMPLE,
        };
        if !shape.check(node, self.findings) {
            return;
        }
        let mut arguments = node.arguments();
        let (Some(name), Some(opcode)) = (arguments.next(), arguments.next()) else {
            return;
        };
        let Some(text) = name.word().filter(|word| is_packet_name(word)) else {
            let help = "write packets in CAPITALS, so that they differ from words: packet LOGIN 0 from=client";
            self.error(
                node,
                &name.span,
                format!("{name} cannot be the name of a packet"),
                help,
            );
            return;
        };
        if !is_first(
            &mut self.seen_packets,
            text,
            "packet",
            node,
            &name.span,
            self.findings,
        ) {
            return;
        }
        let Some(number) = opcode.number() else {
            self.error(
                node,
                &opcode.span,
                format!("{opcode} is not an opcode"),
                format!("write a number: {EXAMPLE}"),
            );
            return;
        };
        self.check_fits(node, &opcode.span, number, self.grammar.opcode);
        let Some(from) = self.senders(node) else {
            return;
        };
        let fields = self.fields(node);
        let mut packet = Packet {
            name: text.to_owned(),
            opcode: number,
            from,
            ambient: None,
            answered_by: None,
            fields,
        };
        packet.ambient = self.ambient(node, &packet);
        self.grammar.packets.push(packet);
        let place = (Arc::clone(&node.file), node.name.span.clone());
        self.packet_places.push(place);
    }

    fn senders(&mut self, node: &Node) -> Option<Senders> {
        let Some(from) = node.property("from") else {
            let help = "write its sender: from=client, from=server or from=both";
            return self.refuse(
                node,
                &node.name.span,
                "the sender of this packet is missing",
                help,
            );
        };
        let written = from.value.to_string();
        match written.as_str() {
            "client" => Some(Senders::Client),
            "server" => Some(Senders::Server),
            "both" => Some(Senders::Both),
            _ => {
                let help = one_of(&written, ["client", "server", "both"]);
                self.refuse(node, &from.span, format!("{written} is not a side"), help)
            }
        }
    }

    fn fields(&mut self, node: &Node) -> Vec<Field> {
        let mut names = BTreeSet::new();
        let mut fields = Vec::new();
        for child in node.block() {
            if child.name.text != "field" {
                let message = format!("`{}` is not a word of a packet", child.name.text);
                self.error(
                    child,
                    &child.name.span,
                    message,
                    "write: field login STRING max-bytes=30",
                );
                continue;
            }
            if let Some(field) = self.field(child, &fields)
                && is_first(
                    &mut names,
                    &field.name,
                    "field",
                    child,
                    &child.name.span,
                    self.findings,
                )
            {
                fields.push(field);
            }
        }
        fields
    }

    fn field(&mut self, node: &Node, earlier: &[Field]) -> Option<Field> {
        let example = "field login STRING max-bytes=30";
        let shape = Shape {
            arguments: (2, 2),
            properties: &["max-bytes", "min", "by"],
            block: false,
            example,
        };
        if !shape.check(node, self.findings) {
            return None;
        }
        let mut arguments = node.arguments();
        let (name, type_entry) = (arguments.next()?, arguments.next()?);
        let Some(field_name) = name.word() else {
            return self.refuse(
                node,
                &name.span,
                format!("{name} cannot be the name of a field"),
                format!("write: {example}"),
            );
        };
        let type_name = type_entry.to_string();
        let Some(sort) = self.sort_of(&type_name) else {
            let help = one_of(&type_name, self.seen_types.iter().map(String::as_str));
            return self.refuse(
                node,
                &type_entry.span,
                format!("there is no type {type_name}"),
                help,
            );
        };
        let max_bytes = self.limit(node, "max-bytes", sort != Sort::Int, "text and bytes");
        let min = self.limit(node, "min", sort == Sort::Int, "numbers");
        let max_bytes = max_bytes.and_then(|limit| usize::try_from(limit).ok());
        let by = self.decided_by(node, type_entry, earlier)?;
        Some(Field {
            name: field_name.to_owned(),
            type_name,
            max_bytes,
            min,
            by,
        })
    }

    /// Returns the index of the earlier field that decides which case of its type this field has; `None` if what is
    /// written is wrong.
    fn decided_by(
        &mut self,
        node: &Node,
        type_entry: &Entry,
        earlier: &[Field],
    ) -> Option<Option<usize>> {
        let kinds = self
            .grammar
            .kinds_of_type(&type_entry.to_string(), &Choices::new());
        let is_one_of = kinds
            .iter()
            .any(|kind| matches!(kind, TypeKind::OneOf { .. }));
        match (node.property("by"), is_one_of) {
            (None, false) => Some(None),
            (None, true) => {
                let help =
                    "name an earlier field that decides it: field address ADDRESS by=version";
                let message = format!("no field decides which case of {type_entry} this is");
                self.refuse(node, &type_entry.span, message, help)
            }
            (Some(by), false) => {
                let message = format!("{type_entry} has no cases for a field to decide between");
                let help = "remove `by`, or use a type with `one-of`";
                self.refuse(node, &by.span, message, help)
            }
            (Some(by), true) => {
                let written = by.value.to_string();
                let index = earlier.iter().position(|field| field.name == written);
                let is_number = |index: &usize| {
                    let field = earlier.get(*index);
                    field.and_then(|field| self.sort_of(&field.type_name)) == Some(Sort::Int)
                };
                let index = index.filter(is_number);
                if index.is_none() {
                    let known = earlier.iter().map(|field| field.name.as_str());
                    let help = one_of(&written, known);
                    let message = format!("no earlier field is a number called {written}");
                    self.error(node, &by.span, message, help);
                }
                index.map(Some)
            }
        }
    }

    fn limit(&mut self, node: &Node, key: &str, belongs: bool, to: &str) -> Option<i128> {
        let entry = node.property(key)?;
        if !belongs {
            return self.refuse(
                node,
                &entry.span,
                format!("{key} is a limit of {to}"),
                "text and bytes have max-bytes, numbers have min",
            );
        }
        let number = entry
            .number()
            .filter(|number| key == "min" || (0..=i128::from(u32::MAX)).contains(number));
        if number.is_none() {
            self.error(
                node,
                &entry.span,
                format!("{} is not a limit", entry.value),
                format!("write a number: {key}=30"),
            );
        }
        number
    }

    fn ambient(&mut self, node: &Node, packet: &Packet) -> Option<usize> {
        let entry = node.property("ambient")?;
        let written = entry.value.to_string();
        let index = packet.field_named(&written);
        let is_text = index
            .and_then(|index| packet.fields.get(index))
            .is_some_and(|field| self.sort_of(&field.type_name) == Some(Sort::Text));
        if !is_text {
            let help = "ambient names a text field with the sender of the packet: ambient=login";
            self.error(
                node,
                &entry.span,
                format!("{} has no field {written} of text", packet.name),
                help,
            );
        }
        index
    }
}

/// Returns whether a word is a packet name such as `LOGIN_2` or `ACK`, which cannot be taken for a word of the
/// language.
fn is_packet_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
