//! Reads the head of frames: `byte-order`, `frame`, and the short form `length` and `opcode`.

use super::{Reader, mistake};
use crate::grammar::{
    ByteOrder, Constant, Counts, Head, HeadPart, IntType, Value, bytes_of_hex, in_hex,
};
use crate::source::{Check, Entry, Node, Scalar, Shape};

const FRAME: &str = "frame { const uint8 1; opcode uint8; length uint32 of=payload }";
const CONST: &str = "const uint8 1 name=version, or: const (utf8)\"CHAT\" name=magic";
const LENGTH: &str = "length uint32 of=payload";

/// The words of a head.
const PARTS: [&str; 3] = ["const", "opcode", "length"];

impl Reader<'_> {
    /// Reads `byte-order little`. The byte order applies to the whole file, so it is read before everything else.
    pub(super) fn byte_order(&mut self) {
        let root = self.root;
        for node in root.block() {
            if node.name.text == "byte-order"
                && let Some(order) = self.choice_word(node, "byte-order little", &ByteOrder::NAMED)
            {
                self.order = order;
            }
        }
    }

    /// Reads the head in either form. Returns whether the file has a head.
    pub(super) fn head(&mut self) -> bool {
        let root = self.root;
        let nodes = |word: &'static str| {
            let all = root.block().iter();
            all.filter(move |node| node.name.text == word)
        };
        for word in ["frame", "opcode", "length"] {
            for second in nodes(word).skip(1) {
                let twice = mistake::second(format_args!("`{word}`"), "keep one of them");
                self.report(second, twice);
            }
        }
        let (opcode, length) = (nodes("opcode").next(), nodes("length").next());
        if let Some(frame) = nodes("frame").next() {
            for surplus in opcode.into_iter().chain(length) {
                self.report(surplus, mistake::head_twice(&surplus.name.text));
            }
            self.grammar.head = self.frame(frame).unwrap_or_default();
            return true;
        }
        let int = opcode.and_then(|node| self.integer_word(node, "opcode int8"));
        let counted = length.and_then(|node| Some((node, node.property("of")?)));
        if let Some((length, of)) = counted {
            let both = root.block().iter().filter(|node| {
                let is_opcode = opcode.is_some_and(|opcode| std::ptr::eq(*node, opcode));
                is_opcode || std::ptr::eq(*node, length)
            });
            let parts: Vec<String> = both.map(Node::to_string).collect();
            self.report(of, mistake::counted_outside_a_frame(parts.join("; ")));
            self.grammar.head = Head::of(Some(IntType::default()), int.unwrap_or_default());
            return opcode.is_some();
        }
        let prefix = length.and_then(|node| self.integer_word(node, "length varint"));
        if let (Some(opcode), Some(length)) = (opcode, length) {
            let is_in_order = root
                .block()
                .iter()
                .find(|node| std::ptr::eq(*node, opcode) || std::ptr::eq(*node, length));
            let is_in_order = is_in_order.is_some_and(|first| std::ptr::eq(first, length));
            self.check(is_in_order, length, || {
                let (opcode, length) = (int.unwrap_or_default(), prefix.unwrap_or_default());
                mistake::length_after_opcode(opcode, length)
            });
        }
        self.grammar.head = Head::of(prefix, int.unwrap_or_default());
        opcode.is_some()
    }

    /// Reads `frame { ... }`. A mistake in one part does not hide the mistakes in the other parts.
    fn frame(&mut self, node: &Node) -> Option<Head> {
        let shape = Shape {
            arguments: (0, 0),
            ..Shape::like(FRAME).and_block()
        };
        shape.check(node, self).then_some(())?;
        let mut parts = Vec::new();
        for child in node.block() {
            parts.extend(match child.name.text.as_str() {
                "const" => self.constant(child).map(HeadPart::Constant),
                "opcode" => self
                    .integer_word(child, "opcode uint8")
                    .map(HeadPart::Opcode),
                "length" => self.length_part(child),
                word => {
                    let unknown = mistake::not_a_part_of_a_head(word).one_of(word, PARTS);
                    self.refuse(child, unknown)
                }
            });
        }
        let named = |word: &'static str| {
            let all = node.block().iter();
            all.filter(move |child| child.name.text == word)
        };
        for word in ["opcode", "length"] {
            for second in named(word).skip(1) {
                let twice =
                    mistake::second(format_args!("`{word}` in the head"), "keep one of them");
                self.report(second, twice);
            }
        }
        let has_opcode = named("opcode").next().is_some();
        self.must(has_opcode, node, || mistake::head_without_opcode(FRAME))?;
        Some(Head { parts })
    }

    /// Reads `length uint32 of=payload`.
    fn length_part(&mut self, node: &Node) -> Option<HeadPart> {
        let [entry] = self.arguments(node, Shape::like(LENGTH).with(&["of"]))?;
        let int = self.integer_of(entry)?;
        let counts = match node.property("of") {
            None => Counts::Payload,
            Some(of) => {
                let written = of.value.to_string();
                let found = Counts::NAMED.iter().find(|(name, _)| *name == written);
                let (_, counts) = self.need(found, of, || {
                    let names = Counts::NAMED.iter().map(|(name, _)| *name);
                    mistake::not_counted(&written).one_of(&written, names)
                })?;
                *counts
            }
        };
        let can_count = !(int.is_varint() && counts == Counts::Frame);
        self.must(can_count, entry, mistake::varint_counts_itself)?;
        Some(HeadPart::Length { int, counts })
    }

    /// Reads `const uint8 1 name=version` and `const (utf8)"CHAT" name=magic`.
    fn constant(&mut self, node: &Node) -> Option<Constant> {
        let shape = Shape {
            arguments: (1, 2),
            ..Shape::like(CONST).with(&["name"])
        };
        shape.check(node, self).then_some(())?;
        let name = match node.property("name") {
            None => "const".to_owned(),
            Some(entry) => {
                let is_free = |word: &&str| !PARTS.contains(word);
                let word = self.need(entry.word().filter(is_free), entry, || {
                    mistake::not_a_part_name(&entry.value, CONST)
                })?;
                word.to_owned()
            }
        };
        let mut arguments = node.arguments();
        let (first, number) = (arguments.next()?, arguments.next());
        let (value, int, bytes) = match number {
            Some(number) => self.constant_number(first, number)?,
            None => self.constant_bytes(first)?,
        };
        Some(Constant {
            name,
            value,
            int,
            bytes,
        })
    }

    fn constant_number(
        &mut self,
        kind: &Entry,
        number: &Entry,
    ) -> Option<(Value, Option<IntType>, Vec<u8>)> {
        let int = self.integer_of(kind)?;
        let value = self.need(number.number(), number, || {
            mistake::not_a_constant(&number.value, CONST)
        })?;
        self.must(int.carries(value), number, || {
            mistake::constant_too_wide(value, int, int.min(), int.max())
        })?;
        Some((Value::Int(value), Some(int), int.bytes(value)))
    }

    fn constant_bytes(&mut self, entry: &Entry) -> Option<(Value, Option<IntType>, Vec<u8>)> {
        let mark = entry.mark.as_ref().map(|mark| mark.text.as_str());
        let found = match (&entry.value, mark) {
            (Scalar::Text(text), Some("utf8")) if !text.is_empty() => {
                Some((Value::Text(text.clone()), text.clone().into_bytes()))
            }
            (Scalar::Text(text), Some("hex")) => {
                let bytes = bytes_of_hex(text).ok().filter(|bytes| !bytes.is_empty());
                bytes.map(|bytes| (Value::Bytes(bytes.clone()), bytes))
            }
            _ => None,
        };
        let (value, bytes) = self.need(found, entry, || mistake::not_a_constant(entry, CONST))?;
        Some((value, None, bytes))
    }

    /// Reads the bytes that mark the end of a text: a number from 0 to 255, a text, or `(hex)"0d 0a"`.
    pub(super) fn marker(&mut self, entry: &Entry, example: &str) -> Option<Vec<u8>> {
        let mark = entry.mark.as_ref().map(|mark| mark.text.as_str());
        let bytes = match (&entry.value, mark) {
            (Scalar::Number(number), None) => u8::try_from(*number).ok().map(|byte| vec![byte]),
            (Scalar::Text(text), None | Some("utf8")) => Some(text.clone().into_bytes()),
            (Scalar::Text(text), Some("hex")) => bytes_of_hex(text).ok(),
            _ => None,
        };
        let bytes = bytes.filter(|bytes| !bytes.is_empty());
        self.need(bytes, entry, || {
            mistake::not_a_marker(entry.without_key(), example)
        })
    }

    /// Reads the byte that fills the space after a value that is shorter than its fixed size.
    pub(super) fn filler(&mut self, entry: &Entry, example: &str) -> Option<u8> {
        let bytes = self.marker(entry, example)?;
        let only = bytes.first().filter(|_| bytes.len() == 1).copied();
        self.need(only, entry, || mistake::not_a_filler(in_hex(&bytes)))
    }
}
