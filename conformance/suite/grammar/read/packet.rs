//! Reads `packet` and its fields.

use std::sync::Arc;

use super::types::is_layout;
use super::{Reader, mistake};
use crate::grammar::{Choices, Field, Opcodes, Packet, Presence, Side, Sort, TypeKind};
use crate::source::{Check, Entry, Node, Shape};

const EXAMPLE: &str =
    "packet MESSAGE 3 from=both { field login STRING; field msg STRING max-bytes=1024 }";
const TWO_NUMBERS: &str = "packet MESSAGE from-client=1 from-server=3";
const FIELD: &str = "field login STRING max-bytes=30";

impl Reader<'_> {
    pub(super) fn packet(&mut self, node: &Node) -> Option<()> {
        let known = [
            "from",
            "from-client",
            "from-server",
            "ambient",
            "answered-by",
        ];
        let shape = Shape {
            arguments: (1, 2),
            ..Shape::like(EXAMPLE).with(&known).and_block()
        };
        shape.check(node, self).then_some(())?;
        let name = node.arguments().next()?;
        let text = name.word().filter(|word| is_packet_name(word));
        let text = self.need(text, name, || mistake::not_a_packet_name(name))?;
        let seen = &mut self.seen_packets;
        let is_first = self.findings.is_first(seen, text, "packet", name);
        is_first.then_some(())?;
        let mut packet = Packet {
            name: text.to_owned(),
            opcodes: self.opcodes(node, text)?,
            ambient: None,
            answered_by: None,
            fields: self.fields(node),
        };
        packet.ambient = self.ambient(node, &packet);
        self.grammar.packets.push(packet);
        let place = (Arc::clone(&node.file), node.name.span.clone());
        self.packet_places.push(place);
        Some(())
    }

    /// Reads the number of a packet and the sides that send it (`3 from=both`), or a number for each direction
    /// (`from-client=1 from-server=3`).
    fn opcodes(&mut self, node: &Node, name: &str) -> Option<Opcodes> {
        let number = node.arguments().nth(1);
        let (client, server) = (node.property("from-client"), node.property("from-server"));
        match (number, client, server) {
            (Some(number), None, None) => {
                let opcode = self.opcode(number, EXAMPLE)?;
                let from = self.need(node.property("from"), node, mistake::no_sender)?;
                Some(Opcodes::same(opcode, self.sides(from)?))
            }
            (None, Some(client), Some(server)) => {
                if let Some(from) = node.property("from") {
                    return self.refuse(from, mistake::from_twice());
                }
                Some(Opcodes {
                    client: Some(self.opcode(client, TWO_NUMBERS)?),
                    server: Some(self.opcode(server, TWO_NUMBERS)?),
                })
            }
            (Some(number), ..) => self.refuse(number, mistake::numbered_twice(TWO_NUMBERS)),
            (None, Some(only), None) => self.refuse(
                only,
                mistake::one_direction(name, &only.value, Side::Client),
            ),
            (None, None, Some(only)) => self.refuse(
                only,
                mistake::one_direction(name, &only.value, Side::Server),
            ),
            (None, None, None) => self.refuse(node, mistake::no_number(name)),
        }
    }

    fn opcode(&mut self, entry: &Entry, example: &str) -> Option<i128> {
        let number = self.need(entry.number(), entry, || {
            mistake::not_an_opcode(&entry.value, example)
        })?;
        self.check_fits(entry, number, self.grammar.head.opcode());
        Some(number)
    }

    /// Reads `client`, `server` or `both`.
    pub(super) fn sides(&mut self, from: &Entry) -> Option<&'static [Side]> {
        let written = from.value.to_string();
        match written.as_str() {
            "client" => Some(&[Side::Client]),
            "server" => Some(&[Side::Server]),
            "both" => Some(&[Side::Client, Side::Server]),
            _ => {
                let known = ["client", "server", "both"];
                self.refuse(from, mistake::not_a_side(&written).one_of(&written, known))
            }
        }
    }

    pub(super) fn field(&mut self, node: &Node, earlier: &[Field]) -> Option<Field> {
        if let Some(entry) = node.arguments().nth(1)
            && let Some(word) = entry.word().filter(|word| is_layout(word))
            && !self.seen_types.contains(word)
        {
            let example = match word {
                "list" => "type NAMES list of=STRING count=INT; then: field names NAMES",
                "text" | "bytes" => "type STRING text len=INT; then: field msg STRING",
                "one-of" => "type ADDRESS one-of { ... }; then: field address ADDRESS by=version",
                _ => "type NUMBER uint32; then: field id NUMBER",
            };
            return self.refuse(entry, mistake::layout_in_a_field(word, example));
        }
        let shape = Shape::like(FIELD).with(&["max-bytes", "max-chars", "min", "by"]);
        let [name, type_entry] = self.arguments(node, shape)?;
        let field_name = self.need(name.word(), name, || mistake::not_a_field_name(name, FIELD))?;
        let type_name = type_entry.to_string();
        let sort = self.sort_of(&type_name);
        if sort.is_none() && self.is_misread("type", &type_name) {
            return None;
        }
        let known = self.seen_types.iter().map(String::as_str);
        let sort = self.findings.need(sort, type_entry, || {
            mistake::no_such_type(&type_name).one_of(&type_name, known)
        })?;
        self.check_frame_has_an_end(&type_name, type_entry);
        let sort = self.limited_sort(&type_name).unwrap_or(sort);
        let max_bytes = self.limit(node, "max-bytes", sort != Sort::Int, "text and bytes");
        let max_chars = self.limit(node, "max-chars", sort == Sort::Text, "text");
        Some(Field {
            name: field_name.to_owned(),
            max_bytes: max_bytes.and_then(|limit| usize::try_from(limit).ok()),
            max_chars: max_chars.and_then(|limit| usize::try_from(limit).ok()),
            min: self.limit(node, "min", sort == Sort::Int, "numbers"),
            by: self.decided_by(node, type_entry, earlier)?,
            presence: Presence::Always,
            bits: None,
            type_name,
        })
    }

    /// If the type of this field has several cases, returns the index of the earlier field that decides between them.
    /// Returns `Some(None)` if the type has no cases. Returns `None` after a mistake.
    fn decided_by(
        &mut self,
        node: &Node,
        type_entry: &Entry,
        earlier: &[Field],
    ) -> Option<Option<usize>> {
        let type_name = type_entry.to_string();
        let kinds = self.grammar.kinds_of_type(&type_name, &Choices::new());
        let is_one_of = |kind: &&TypeKind| matches!(kind, TypeKind::OneOf { .. });
        let by = match (node.property("by"), kinds.iter().any(is_one_of)) {
            (None, false) => return Some(None),
            (None, true) => return self.refuse(type_entry, mistake::undecided(type_name)),
            (Some(by), false) => return self.refuse(by, mistake::nothing_to_decide(type_name)),
            (Some(by), true) => by,
        };
        let written = by.value.to_string();
        let decides = |field: &Field| {
            field.name == written && self.sort_of(&field.type_name) == Some(Sort::Int)
        };
        let index = earlier.iter().position(decides);
        self.need(index, by, || {
            let known = earlier.iter().map(|field| field.name.as_str());
            mistake::no_deciding_field(&written).one_of(&written, known)
        })
        .map(Some)
    }

    /// If the values of the type end where the frame ends, checks that frames have a length.
    fn check_frame_has_an_end(&mut self, type_name: &str, at: &Entry) {
        let kinds = self.grammar.kinds_of_type(type_name, &Choices::new());
        let is_open = kinds.iter().any(|kind| kind.ends_with_the_frame());
        let has_end = !is_open || self.grammar.head.length().is_some();
        self.check(has_end, at, || mistake::frame_without_end(type_name));
    }

    fn limit(&mut self, node: &Node, key: &str, belongs: bool, to: &str) -> Option<i128> {
        let entry = node.property(key)?;
        self.must(belongs, entry, || mistake::limit_of_others(key, to))?;
        let possible = |number: &i128| key == "min" || u32::try_from(*number).is_ok();
        let number = entry.number().filter(possible);
        self.need(number, entry, || mistake::not_a_limit(&entry.value, key))
    }

    fn ambient(&mut self, node: &Node, packet: &Packet) -> Option<usize> {
        let entry = node.property("ambient")?;
        let written = entry.value.to_string();
        let is_text = |index: &usize| {
            let field = packet.fields.get(*index);
            field.and_then(|field| self.sort_of(&field.type_name)) == Some(Sort::Text)
        };
        let index = packet.field_named(&written).filter(is_text);
        self.need(index, entry, || {
            mistake::not_ambient(&packet.name, &written)
        })
    }
}

/// Returns whether a word can be the name of a packet, such as `LOGIN_2` or `ACK`. Its capital letters distinguish it from
/// the words of the language.
fn is_packet_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
