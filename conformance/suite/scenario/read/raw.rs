//! Reads `raw` and `framed`: bytes that the author of a scenario writes piece by piece.

use super::step::Phrase;
use super::value::Target;
use super::{Reader, mistake};
use crate::grammar::{Choices, Extent, IntType, TypeKind};
use crate::scenario::{Outgoing, Piece};
use crate::source::{Check, Entry, Scalar, Word};

const EXAMPLE: &str =
    "write: alice > raw (opcode)LOGIN (STRING)@alice (INT)-1 (hex)\"00 ff\" (utf8)\"abc\"";

impl Reader<'_> {
    /// Reads `framed (opcode)99`: pieces that are sent as one frame, to which the runner adds the length.
    pub(super) fn framed(&mut self, phrase: &Phrase<'_>) -> Option<Outgoing> {
        let head = &self.context.grammar.head;
        self.must(head.parts.len() > 1, phrase, mistake::no_frame_length)?;
        let pieces = self.raw(phrase)?;
        let has_opcode = matches!(
            pieces.first(),
            Some(Piece::Opcode(_) | Piece::OpcodeNumber(_))
        );
        self.must(head.ends_with_the_opcode() || has_opcode, phrase, || {
            mistake::framed_without_opcode()
        })?;
        Some(Outgoing::Framed(pieces))
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
        if mark.text == "length" && !self.is_type(&mark.text) {
            return self.frame_length_piece(entry, mark);
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

    /// Reads `(length)5`: a number as the length of a frame.
    fn frame_length_piece(&mut self, entry: &Entry, mark: &Word) -> Option<Piece> {
        let length = self.context.grammar.head.length();
        let int = self.need(length, mark, mistake::no_frame_length)?;
        let claims = entry.number_after_mark();
        let claims = self.need(claims.filter(|claims| int.carries(*claims)), entry, || {
            mistake::not_a_frame_length(&entry.value, int.min(), int.max())
        })?;
        Some(Piece::FrameLength(claims))
    }

    fn is_type(&self, name: &str) -> bool {
        !self
            .context
            .grammar
            .kinds_of_type(name, &Choices::new())
            .is_empty()
    }

    /// Returns whether the encoding of the type depends on a field of a packet. The encoding of such a type is unknown
    /// outside a packet.
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
                let opcode = grammar.head.opcode();
                let (min, max) = (opcode.min(), opcode.max());
                self.refuse(entry, mistake::not_an_opcode(value, min, max))
            }
        }
    }

    fn opcode_types(&self) -> impl Iterator<Item = IntType> {
        let grammar = self.context.grammar;
        let in_readings = grammar.readings.iter().flat_map(|reading| &reading.choices);
        std::iter::once(grammar.head.opcode()).chain(in_readings.filter_map(|choice| choice.opcode))
    }

    fn length_piece(&mut self, entry: &Entry, mark: &Word, name: &str) -> Option<Piece> {
        let prefixes = self.prefixes_of(name);
        let types = &self.context.grammar.types;
        self.must(!prefixes.is_empty(), mark, || {
            let known = types
                .iter()
                .filter(|known| prefix_of(&known.kind).is_some());
            mistake::no_length(name).one_of(name, known.map(|known| known.name.as_str()))
        })?;
        let claims = entry
            .number_after_mark()
            .filter(|claims| prefixes.iter().all(|int| int.carries(*claims)));
        let claims = self.need(claims, entry, || mistake::not_a_length(&entry.value, name))?;
        let type_name = name.to_owned();
        Some(Piece::LengthOf { type_name, claims })
    }

    /// Returns the integer types that the length prefix of this type can have, with the choices that are possible here.
    pub(super) fn prefixes_of(&self, type_name: &str) -> Vec<IntType> {
        let grammar = self.context.grammar;
        let any = &self.choices;
        grammar
            .kinds_of_type(type_name, any)
            .into_iter()
            .filter_map(prefix_of)
            .flat_map(|length| grammar.kinds_of_type(length, any))
            .filter_map(|kind| match kind {
                TypeKind::Int(int) => Some(*int),
                _ => None,
            })
            .collect()
    }
}

/// If values of this type begin with the number of their bytes or values, returns the name of the integer type of this
/// number.
fn prefix_of(kind: &TypeKind) -> Option<&String> {
    match (kind.extent(), kind) {
        (Some(Extent::Counted { length }), _) => Some(length),
        (_, TypeKind::List { count, .. }) => count.as_ref(),
        _ => None,
    }
}
