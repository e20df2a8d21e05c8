//! `raw`: bytes that the author of a scenario writes piece by piece.

use super::Reader;
use super::step::Phrase;
use super::value::Target;
use crate::grammar::{Choices, IntType, TypeKind};
use crate::scenario::{Outgoing, Piece};
use crate::source::{Entry, Scalar, Word, one_of};

const EXAMPLE: &str =
    "write: alice > raw (opcode)LOGIN (STRING)@alice (INT)-1 (hex)\"00 ff\" (utf8)\"abc\"";

impl Reader<'_> {
    /// `framed (opcode)99`: the pieces, after their length.
    pub(super) fn framed(&mut self, phrase: &Phrase<'_>) -> Option<Outgoing> {
        if self.context.grammar.frame_length.is_none() {
            let help = "wire.kdl has no `length`; use `raw` instead";
            let message = "packets of this protocol do not begin with a length";
            return self.refuse(phrase.node, phrase.verb_span, message, help);
        }
        self.raw(phrase).map(Outgoing::Framed)
    }

    pub(super) fn raw(&mut self, phrase: &Phrase<'_>) -> Option<Vec<Piece>> {
        if let Some((key, _)) = phrase.properties().next() {
            return self.refuse(
                phrase.node,
                &key.span,
                format!("write the pieces of `{}` without names", phrase.word),
                EXAMPLE,
            );
        }
        let entries: Vec<&Entry> = phrase.arguments().collect();
        if entries.is_empty() {
            return self.refuse(
                phrase.node,
                phrase.verb_span,
                format!("`{}` lacks its bytes", phrase.word),
                EXAMPLE,
            );
        }
        let pieces: Vec<Piece> = entries
            .iter()
            .filter_map(|entry| self.piece(phrase, entry))
            .collect();
        (pieces.len() == entries.len()).then_some(pieces)
    }

    pub(super) fn piece(&mut self, phrase: &Phrase<'_>, entry: &Entry) -> Option<Piece> {
        let Some(mark) = &entry.mark else {
            let help = "write how it becomes bytes: (hex)\"00 ff\", (utf8)\"abc\", or a type of wire.kdl: (INT)5";
            return self.refuse(
                phrase.node,
                &entry.span,
                format!("`{entry}` has no mark"),
                help,
            );
        };
        if mark.text == "opcode" {
            return self.opcode_piece(phrase, entry);
        }
        if let Some(type_name) = mark.text.strip_suffix(".len") {
            return self.length_piece(phrase, entry, mark, type_name);
        }
        if self.is_decided_by_a_field(&mark.text) {
            let help = "write its bytes: (hex)\"00 ff\", or (ip)\"127.0.0.1\"";
            let message = format!("it is not known which case of {} this is", mark.text);
            return self.refuse(phrase.node, &mark.span, message, help);
        }
        if self.is_type(&mark.text) {
            let target = Target::of_type(&mark.text, self.context.grammar);
            let unmarked = Entry {
                mark: None,
                ..entry.clone()
            };
            let value = self.expr(phrase.node, &unmarked, &target)?;
            return Some(Piece::Typed {
                type_name: mark.text.clone(),
                value,
            });
        }
        self.bytes_of(phrase.node, entry).map(Piece::Bytes)
    }

    fn is_type(&self, name: &str) -> bool {
        !self
            .context
            .grammar
            .kinds_of_type(name, &Choices::new())
            .is_empty()
    }

    /// Returns whether only a field of a packet decides how the type is encoded.
    fn is_decided_by_a_field(&self, name: &str) -> bool {
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(name, &Choices::new());
        kinds
            .iter()
            .any(|kind| matches!(kind, TypeKind::OneOf { .. }))
    }

    fn opcode_piece(&mut self, phrase: &Phrase<'_>, entry: &Entry) -> Option<Piece> {
        let grammar = self.context.grammar;
        match &entry.value {
            Scalar::Word(name) => {
                let id = grammar.packet_named(name);
                if id.is_none() {
                    let help = one_of(
                        name,
                        grammar.packets.iter().map(|packet| packet.name.as_str()),
                    );
                    self.error(
                        phrase.node,
                        &entry.span,
                        format!("there is no packet {name}"),
                        help,
                    );
                }
                id.map(Piece::Opcode)
            }
            Scalar::Number(number) if self.opcode_types().all(|int| int.carries(*number)) => {
                Some(Piece::OpcodeNumber(*number))
            }
            _ => {
                let help = format!(
                    "write a packet's name, or a number from {} to {}",
                    grammar.opcode.min(),
                    grammar.opcode.max()
                );
                self.refuse(
                    phrase.node,
                    &entry.span,
                    format!("{} is not an opcode", entry.value),
                    help,
                )
            }
        }
    }

    fn opcode_types(&self) -> impl Iterator<Item = IntType> {
        let grammar = self.context.grammar;
        let in_readings = grammar.readings.iter().flat_map(|reading| &reading.choices);
        std::iter::once(grammar.opcode).chain(in_readings.filter_map(|choice| choice.opcode))
    }

    fn length_piece(
        &mut self,
        phrase: &Phrase<'_>,
        entry: &Entry,
        mark: &Word,
        type_name: &str,
    ) -> Option<Piece> {
        let grammar = self.context.grammar;
        let prefixes = self.prefixes_of(type_name);
        if prefixes.is_empty() {
            let known = grammar.types.iter().filter(|known| {
                matches!(known.kind, TypeKind::Text { .. } | TypeKind::Bytes { .. })
            });
            let help = one_of(type_name, known.map(|known| known.name.as_str()));
            return self.refuse(
                phrase.node,
                &mark.span,
                format!("{type_name} is not a type with a length"),
                help,
            );
        }
        let claims = entry
            .number_behind_mark()
            .filter(|claims| prefixes.iter().all(|int| int.carries(*claims)));
        if claims.is_none() {
            let help =
                format!("write a number that fits into the prefix, such as ({type_name}.len)-1");
            self.error(
                phrase.node,
                &entry.span,
                format!("{} is not a length of {type_name}", entry.value),
                help,
            );
        }
        Some(Piece::LengthOf {
            type_name: type_name.to_owned(),
            claims: claims?,
        })
    }

    /// Returns the integer types that precede values of this type, in all readings.
    pub(super) fn prefixes_of(&self, type_name: &str) -> Vec<IntType> {
        let grammar = self.context.grammar;
        let any = &self.choices;
        grammar
            .kinds_of_type(type_name, any)
            .into_iter()
            .filter_map(|kind| match kind {
                TypeKind::Text { length } | TypeKind::Bytes { length } => Some(length),
                TypeKind::Int(_)
                | TypeKind::Uuid
                | TypeKind::Sized { .. }
                | TypeKind::OneOf { .. } => None,
            })
            .flat_map(|length| grammar.kinds_of_type(length, any))
            .filter_map(|kind| match kind {
                TypeKind::Int(int) => Some(*int),
                _ => None,
            })
            .collect()
    }
}
