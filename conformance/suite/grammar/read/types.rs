//! Reads `opcode` and `type`.

use super::{Reader, mistake};
use crate::grammar::{Choices, IntType, TypeDefinition, TypeKind};
use crate::source::{Check, Entry, Node, Shape};

const EXAMPLE: &str = "type INT int32, or: type STRING text len=INT, or: type KEY bytes size=16";
const ONE_OF: &str = "type ADDRESS one-of { case 4 IPV4; case 6 IPV6 }";

/// Maximum bytes of a type of a fixed size.
const MAX_SIZE: usize = 65_535;

impl Reader<'_> {
    /// Reads `opcode int8` or `length varint`.
    pub(super) fn integer_word(&mut self, node: &Node, example: &str) -> Option<IntType> {
        let [entry] = self.arguments(node, Shape::like(example))?;
        let written = entry.to_string();
        self.need(IntType::named(&written), entry, || {
            mistake::not_an_integer(&written).one_of(&written, integers())
        })
    }

    pub(super) fn type_definition(&mut self, node: &Node) -> Option<TypeDefinition> {
        let is_one_of = node.arguments().nth(1).and_then(Entry::word) == Some("one-of");
        let shape = match is_one_of {
            true => Shape::like(ONE_OF).and_block(),
            false => Shape::like(EXAMPLE).with(&["len", "size"]),
        };
        let [name, layout] = self.arguments(node, shape)?;
        let name = self.need(name.word(), name, || {
            mistake::not_a_type_name(name, EXAMPLE)
        })?;
        let kind = match layout.to_string().as_str() {
            "one-of" => self.one_of_types(node)?,
            "text" | "bytes" => self.counted(node, name, layout)?,
            "uuid" => TypeKind::Uuid,
            integer => self.integer(node, layout, integer)?,
        };
        Some(TypeDefinition {
            name: name.to_owned(),
            kind,
        })
    }

    fn integer(&mut self, node: &Node, layout: &Entry, written: &str) -> Option<TypeKind> {
        let int = self.need(IntType::named(written), layout, || {
            let known = integers().chain(["text", "bytes", "uuid", "one-of"]);
            mistake::not_a_layout(written).one_of(written, known)
        })?;
        if let Some(length) = node.property("len").or(node.property("size")) {
            self.report(length, mistake::integer_with_length(written, EXAMPLE));
        }
        Some(TypeKind::Int(int))
    }

    /// Reads `text len=INT`, `bytes len=INT` and `bytes size=16`.
    fn counted(&mut self, node: &Node, name: &str, layout: &Entry) -> Option<TypeKind> {
        let is_text = layout.word() == Some("text");
        let length = node.property("len").map(|length| length.value.to_string());
        match (length, node.property("size")) {
            (Some(length), None) if is_text => Some(TypeKind::Text { length }),
            (Some(length), None) => Some(TypeKind::Bytes { length }),
            (None, Some(size)) if !is_text => self.sized(size),
            (None, None) => self.refuse(layout, mistake::no_length(layout, name)),
            (_, Some(size)) => self.refuse(size, mistake::wrong_size(layout)),
        }
    }

    fn sized(&mut self, entry: &Entry) -> Option<TypeKind> {
        let size = self.count(Some(entry), 1..=MAX_SIZE, entry, || {
            mistake::not_a_size(&entry.value, MAX_SIZE)
        })?;
        Some(TypeKind::Sized { size })
    }

    /// Reads the cases of a `one-of`. The types that they name may be defined later in the file.
    fn one_of_types(&mut self, node: &Node) -> Option<TypeKind> {
        let mut cases: Vec<(i128, String)> = Vec::new();
        for child in node.block() {
            let case = self.need(case_of(child), child, || mistake::not_a_case(ONE_OF));
            let Some((tag, name)) = case else { continue };
            let is_new = !cases.iter().any(|(known, _)| *known == tag);
            if self.check(is_new, child, || mistake::second_case(tag)) {
                cases.push((tag, name));
            }
        }
        self.must(!cases.is_empty(), node, || mistake::no_cases(ONE_OF))?;
        Some(TypeKind::OneOf { cases })
    }

    pub(super) fn is_first_type(&mut self, name: &str, node: &Node) -> bool {
        let seen = &mut self.seen_types;
        self.findings.is_first(seen, name, "type", node)
    }

    /// Checks the types on which other types depend. The type of a length must be an integer, and each case of a `one-of`
    /// must name a byte type. These types may be defined later in the file.
    pub(super) fn check_types(&mut self) {
        let root = self.root;
        let in_readings = root
            .block()
            .iter()
            .flat_map(Node::block)
            .flat_map(Node::block);
        for node in root.block().iter().chain(in_readings) {
            if node.name.text != "type" {
                continue;
            }
            if let Some(length) = node.property("len") {
                let is_right = |kind: &TypeKind| matches!(kind, TypeKind::Int(_));
                self.check_rests_on(length, is_right, "integers");
            }
            for case in node.block() {
                if let Some(name) = case.arguments().nth(1) {
                    let is_right = |kind: &TypeKind| {
                        matches!(kind, TypeKind::Bytes { .. } | TypeKind::Sized { .. })
                    };
                    self.check_rests_on(name, is_right, "bytes");
                }
            }
        }
    }

    fn check_rests_on(&mut self, name: &Entry, is_right: fn(&TypeKind) -> bool, what: &str) {
        let written = name.value.to_string();
        let kinds = self.grammar.kinds_of_type(&written, &Choices::new());
        if kinds.is_empty() || !kinds.iter().all(|kind| is_right(kind)) {
            let known = self.grammar.types.iter();
            let known = known.filter(|known| is_right(&known.kind));
            let known = known.map(|known| known.name.as_str());
            let wrong = mistake::wrong_type(&written, what).one_of(&written, known);
            self.report(name, wrong);
        }
    }
}

/// Reads `case 4 IPV4`.
fn case_of(node: &Node) -> Option<(i128, String)> {
    match (node.entries.as_slice(), &node.children) {
        ([tag, name], None) if node.name.text == "case" => {
            let is_argument = tag.key.is_none() && name.key.is_none();
            is_argument.then_some((tag.number()?, name.word()?.to_owned()))
        }
        _ => None,
    }
}

fn integers() -> impl Iterator<Item = &'static str> {
    IntType::NAMED.iter().map(|(name, _)| *name)
}
