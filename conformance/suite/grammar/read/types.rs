//! Reads `opcode` and `type`.

use super::Reader;
use crate::grammar::{Choices, IntType, TypeDefinition, TypeKind};
use crate::source::{Entry, Node, Shape, is_first, one_of};

const EXAMPLE: &str = "type INT int32, or: type STRING text len=INT, or: type KEY bytes size=16";
const ONE_OF: &str = "type ADDRESS one-of { case 4 IPV4; case 6 IPV6 }";

/// Maximum bytes of a type of a fixed size.
const MAX_SIZE: i128 = 65_535;

impl Reader<'_> {
    /// Reads `opcode int8`, `length varint`.
    pub(super) fn integer_word(&mut self, node: &Node, example: &'static str) -> Option<IntType> {
        let shape = Shape {
            arguments: (1, 1),
            properties: &[],
            block: false,
            example,
        };
        if !shape.check(node, self.findings) {
            return None;
        }
        let entry = node.arguments().next()?;
        let written = entry.to_string();
        let int = IntType::named(&written);
        if int.is_none() {
            self.error(
                node,
                &entry.span,
                format!("{written} is not an integer"),
                integers(&written),
            );
        }
        int
    }

    pub(super) fn type_definition(&mut self, node: &Node) -> Option<TypeDefinition> {
        let is_one_of = node.arguments().nth(1).and_then(Entry::word) == Some("one-of");
        let shape = Shape {
            arguments: (2, 2),
            properties: if is_one_of { &[] } else { &["len", "size"] },
            block: is_one_of,
            example: if is_one_of { ONE_OF } else { EXAMPLE },
        };
        if !shape.check(node, self.findings) {
            return None;
        }
        let mut arguments = node.arguments();
        let (name, layout) = (arguments.next()?, arguments.next()?);
        let Some(name) = name.word() else {
            return self.refuse(
                node,
                &name.span,
                format!("{name} cannot be the name of a type"),
                format!("write: {EXAMPLE}"),
            );
        };
        let written = layout.to_string();
        let kind = match written.as_str() {
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
        let Some(int) = IntType::named(written) else {
            return self.refuse(
                node,
                &layout.span,
                format!("{written} is not a kind of type"),
                layouts(written),
            );
        };
        if let Some(length) = node.property("len").or(node.property("size")) {
            self.error(
                node,
                &length.span,
                format!("{written} has no length"),
                format!("write: {EXAMPLE}"),
            );
        }
        Some(TypeKind::Int(int))
    }

    /// Reads `text len=INT`, `bytes len=INT` and `bytes size=16`.
    fn counted(&mut self, node: &Node, name: &str, layout: &Entry) -> Option<TypeKind> {
        let length = node.property("len");
        let size = node.property("size");
        let is_text = layout.word() == Some("text");
        match (length, size) {
            (Some(length), None) => {
                let length = length.value.to_string();
                Some(if is_text {
                    TypeKind::Text { length }
                } else {
                    TypeKind::Bytes { length }
                })
            }
            (None, Some(size)) if !is_text => self.sized(node, size),
            (None, None) => {
                let help =
                    format!("name the integer type of its length: type {name} {layout} len=INT");
                self.refuse(node, &layout.span, format!("{layout} needs a length"), help)
            }
            (_, Some(size)) => {
                let help = "bytes have a `len` before them or a fixed `size`; text has a `len`";
                let message = format!("{layout} cannot have this size");
                self.refuse(node, &size.span, message, help)
            }
        }
    }

    fn sized(&mut self, node: &Node, size: &Entry) -> Option<TypeKind> {
        let number = size.number().filter(|size| (1..=MAX_SIZE).contains(size));
        let Some(size) = number.and_then(|size| usize::try_from(size).ok()) else {
            let message = format!("{} is not a number of bytes", size.value);
            let help = format!("write a number from 1 to {MAX_SIZE}: size=16");
            return self.refuse(node, &size.span, message, help);
        };
        Some(TypeKind::Sized { size })
    }

    /// Reads the cases of a `one-of`. The types that they name may be defined below it.
    fn one_of_types(&mut self, node: &Node) -> Option<TypeKind> {
        let mut cases: Vec<(i128, String)> = Vec::new();
        for child in node.block() {
            let mut arguments = child.arguments();
            let (tag, name) = (arguments.next(), arguments.next());
            let read = (child.name.text == "case")
                .then(|| Some((tag?.number()?, name?.word()?.to_owned())))
                .flatten()
                .filter(|_| child.entries.len() == 2 && child.children.is_none());
            match read {
                Some((tag, _)) if cases.iter().any(|(known, _)| *known == tag) => {
                    let message = format!("there is a second case {tag}");
                    self.error(child, &child.name.span, message, "keep one of them");
                }
                Some(case) => cases.push(case),
                None => self.error(
                    child,
                    &child.name.span,
                    "a case needs a number and a type of bytes",
                    format!("write: {ONE_OF}"),
                ),
            }
        }
        if cases.is_empty() {
            let help = format!("write: {ONE_OF}");
            return self.refuse(node, &node.name.span, "this type has no cases", help);
        }
        Some(TypeKind::OneOf { cases })
    }

    pub(super) fn is_first_type(&mut self, name: &str, node: &Node) -> bool {
        is_first(
            &mut self.seen_types,
            name,
            "type",
            node,
            &node.span,
            self.findings,
        )
    }

    /// Checks that the types that a type depends on exist and are of the right kind: the integer of its length, or the
    /// types of its cases. They may be defined below it.
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
                self.check_rests_on(node, length, is_right, "an integer type");
            }
            for case in node.block() {
                if let Some(name) = case.arguments().nth(1) {
                    let is_right = |kind: &TypeKind| {
                        matches!(kind, TypeKind::Bytes { .. } | TypeKind::Sized { .. })
                    };
                    self.check_rests_on(case, name, is_right, "a type of bytes");
                }
            }
        }
    }

    fn check_rests_on(
        &mut self,
        node: &Node,
        name: &Entry,
        is_right: fn(&TypeKind) -> bool,
        what: &str,
    ) {
        let written = name.value.to_string();
        let kinds = self.grammar.kinds_of_type(&written, &Choices::new());
        if kinds.is_empty() || !kinds.iter().all(|kind| is_right(kind)) {
            let known = self.grammar.types.iter();
            let known = known.filter(|known| is_right(&known.kind));
            let help = one_of(&written, known.map(|known| known.name.as_str()));
            let message = format!("{written} is not {what} of this file");
            self.error(node, &name.span, message, help);
        }
    }
}

fn integers(written: &str) -> String {
    one_of(written, IntType::NAMED.iter().map(|(name, _)| *name))
}

fn layouts(written: &str) -> String {
    one_of(
        written,
        IntType::NAMED
            .iter()
            .map(|(name, _)| *name)
            .chain(["text", "bytes", "uuid", "one-of"]),
    )
}
