//! `opcode` and `type`.

use super::Reader;
use crate::grammar::{Choices, Form, IntType, TypeDefinition, TypeKind};
use crate::source::{Node, Shape, is_first, one_of};

const EXAMPLE: &str = "type INT int32, or: type STRING text len=INT";

impl Reader<'_> {
    /// `opcode int8`, `length varint`.
    pub(super) fn integer_word(
        &mut self,
        node: &Node,
        example: &'static str,
    ) -> Option<IntType> {
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
        let shape = Shape {
            arguments: (2, 2),
            properties: &["len"],
            block: false,
            example: EXAMPLE,
        };
        if !shape.check(node, self.findings) {
            return None;
        }
        let mut arguments = node.arguments();
        let (name, layout) = (arguments.next()?, arguments.next()?);
        let Some(name) = name.word() else {
            self.error(
                node,
                &name.span,
                format!("{name} cannot be the name of a type"),
                format!("write: {EXAMPLE}"),
            );
            return None;
        };
        let written = layout.to_string();
        let length = node.property("len");
        let kind = match (written.as_str(), length) {
            ("text" | "bytes", None) => {
                let help =
                    format!("name the integer type of its length: type {name} {written} len=INT");
                self.error(
                    node,
                    &layout.span,
                    format!("{written} needs a length"),
                    help,
                );
                return None;
            }
            ("text", Some(length)) => TypeKind::Text {
                length: length.value.to_string(),
            },
            ("bytes", Some(length)) => TypeKind::Bytes {
                length: length.value.to_string(),
            },
            (integer, length) => {
                if let (Some(form), None) = (Form::named(integer), length) {
                    return Some(TypeDefinition {
                        name: name.to_owned(),
                        kind: TypeKind::Formed(form),
                    });
                }
                let Some(int) = IntType::named(integer) else {
                    self.error(
                        node,
                        &layout.span,
                        format!("{integer} is not a layout"),
                        layouts(integer),
                    );
                    return None;
                };
                if let Some(length) = length {
                    self.error(
                        node,
                        &length.span,
                        format!("{integer} has no length of its own"),
                        format!("write: {EXAMPLE}"),
                    );
                }
                TypeKind::Int(int)
            }
        };
        Some(TypeDefinition {
            name: name.to_owned(),
            kind,
        })
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

    /// The length of a type must be an integer type; it may stand below it.
    pub(super) fn check_lengths(&mut self) {
        let root = self.root;
        let in_readings = root
            .block()
            .iter()
            .flat_map(Node::block)
            .flat_map(Node::block);
        for node in root.block().iter().chain(in_readings) {
            let Some(length) = node.property("len").filter(|_| node.name.text == "type") else {
                continue;
            };
            let written = length.value.to_string();
            let kinds = self.grammar.kinds_of_type(&written, &Choices::new());
            if kinds.is_empty() || !kinds.iter().all(|kind| matches!(kind, TypeKind::Int(_))) {
                let known = self
                    .grammar
                    .types
                    .iter()
                    .filter(|known| matches!(known.kind, TypeKind::Int(_)));
                let help = one_of(&written, known.map(|known| known.name.as_str()));
                self.error(
                    node,
                    &length.span,
                    format!("{written} is not an integer type of this file"),
                    help,
                );
            }
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
            .chain(["text", "bytes"])
            .chain(Form::NAMED.iter().map(|(name, _)| *name)),
    )
}
