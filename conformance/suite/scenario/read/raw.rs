//! Reads `raw` and `framed`: bytes that the author of a scenario writes piece by piece.

use super::step::Phrase;
use super::value::Target;
use super::{Reader, mistake};
use crate::grammar::{Choices, IntType, TypeKind};
use crate::scenario::{Outgoing, Piece};
use crate::source::{Check, Entry, Scalar, Word};

const EXAMPLE: &str =
    "write: alice > raw (opcode)LOGIN (STRING)@alice (INT)-1 (hex)\"00 ff\" (utf8)\"abc\"";

impl Reader<'_> {
    /// Reads `framed (opcode)99`: pieces that are sent after their length.
    pub(super) fn framed(&mut self, phrase: &Phrase<'_>) -> Option<Outgoing> {
        let has_length = self.context.grammar.frame_length.is_some();
        self.must(has_length, phrase, mistake::no_frame_length)?;
        self.raw(phrase).map(Outgoing::Framed)
    }

    pub(super) fn raw(&mut self, phrase: &Phrase<'_>) -> Option<Vec<Piece>> {
        let word = phrase.word;
        if let Some((key, _)) = phrase.properties().next() {
            return self.refuse(key, mistake::named_pieces(word, EXAMPLE));
        }
        let has_bytes = phrase.arguments().next().is_some();
        self.must(has_bytes, phrase, || mistake::no_pieces(word, EXAMPLE))?;
        self.pieces(phrase)
    }

    /// Reads all pieces, even after a mistake, so that all mistakes in them are reported.
    pub(super) fn pieces(&mut self, phrase: &Phrase<'_>) -> Option<Vec<Piece>> {
        let pieces: Vec<_> = phrase.arguments().map(|entry| self.piece(entry)).collect();
        pieces.into_iter().collect()
    }

    fn piece(&mut self, entry: &Entry) -> Option<Piece> {
        let mark = self.need(entry.mark.as_ref(), entry, || mistake::no_mark(entry))?;
        if mark.text == "opcode" {
            return self.opcode_piece(entry);
        }
        if let Some(type_name) = mark.text.strip_suffix(".len") {
            return self.length_piece(entry, mark, type_name);
        }
        let undecided = self.is_decided_by_a_field(&mark.text);
        self.must(!undecided, mark, || mistake::undecided_type(&mark.text))?;
        if self.is_type(&mark.text) {
            let target = Target::of_type(&mark.text, self.context.grammar);
            let unmarked = Entry {
                mark: None,
                ..entry.clone()
            };
            let value = self.expr(&unmarked, &target)?;
            let type_name = mark.text.clone();
            return Some(Piece::Typed { type_name, value });
        }
        self.bytes_of(entry).map(Piece::Bytes)
    }

    fn is_type(&self, name: &str) -> bool {
        !self
            .context
            .grammar
            .kinds_of_type(name, &Choices::new())
            .is_empty()
    }

    /// Returns whether the encoding of the type depends on a field of a packet, so that it is unknown outside a packet.
    fn is_decided_by_a_field(&self, name: &str) -> bool {
        let grammar = self.context.grammar;
        let kinds = grammar.kinds_of_type(name, &Choices::new());
        kinds
            .iter()
            .any(|kind| matches!(kind, TypeKind::OneOf { .. }))
    }

    fn opcode_piece(&mut self, entry: &Entry) -> Option<Piece> {
        let grammar = self.context.grammar;
        match &entry.value {
            Scalar::Word(name) => {
                let id = self.need(grammar.packet_named(name), entry, || {
                    mistake::no_such_packet(name).one_of(name, grammar.packet_names())
                });
                id.map(Piece::Opcode)
            }
            Scalar::Number(number) if self.opcode_types().all(|int| int.carries(*number)) => {
                Some(Piece::OpcodeNumber(*number))
            }
            value => {
                let (min, max) = (grammar.opcode.min(), grammar.opcode.max());
                self.refuse(entry, mistake::not_an_opcode(value, min, max))
            }
        }
    }

    fn opcode_types(&self) -> impl Iterator<Item = IntType> {
        let grammar = self.context.grammar;
        let in_readings = grammar.readings.iter().flat_map(|reading| &reading.choices);
        std::iter::once(grammar.opcode).chain(in_readings.filter_map(|choice| choice.opcode))
    }

    fn length_piece(&mut self, entry: &Entry, mark: &Word, name: &str) -> Option<Piece> {
        let prefixes = self.prefixes_of(name);
        let types = &self.context.grammar.types;
        self.must(!prefixes.is_empty(), mark, || {
            let has_length =
                |kind: &TypeKind| matches!(kind, TypeKind::Text { .. } | TypeKind::Bytes { .. });
            let known = types.iter().filter(|known| has_length(&known.kind));
            mistake::no_length(name).one_of(name, known.map(|known| known.name.as_str()))
        })?;
        let claims = entry
            .number_after_mark()
            .filter(|claims| prefixes.iter().all(|int| int.carries(*claims)));
        let claims = self.need(claims, entry, || mistake::not_a_length(&entry.value, name))?;
        let type_name = name.to_owned();
        Some(Piece::LengthOf { type_name, claims })
    }

    /// Returns the integer types of the length prefix of this type, in all readings that are possible here.
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
