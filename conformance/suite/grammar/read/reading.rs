//! Reads `reading` and its choices.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Cited, Reader};
use crate::grammar::{Choice, Reading, Sort, Worth};
use crate::source::{Entry, Node, Shape, is_first, one_of};

const CHOICE_EXAMPLE: &str = "choice \"no\" verdict=non-strict checks=CHATON-2.3";

impl Reader<'_> {
    pub(super) fn reading(&mut self, node: &Node) {
        let shape = Shape {
            arguments: (1, 1),
            properties: &[],
            block: true,
            example: "reading long-width { title \"...\"; choice ... }",
        };
        shape.check(node, self.findings);
        let Some(entry) = node.arguments().next() else {
            return;
        };
        let name = entry.name().unwrap_or_default();
        if !is_first(
            &mut self.seen_readings,
            &name,
            "reading",
            node,
            &entry.span,
            self.findings,
        ) {
            return;
        }
        let mut reading = Reading {
            name,
            title: String::new(),
            choices: Vec::new(),
            settled: false,
        };
        let mut names = BTreeSet::new();
        for child in node.block() {
            match child.name.text.as_str() {
                "title" => reading.title = self.text_of(child).unwrap_or_default(),
                "choice" => {
                    if let Some(choice) = self.choice(child)
                        && is_first(
                            &mut names,
                            &choice.name,
                            "choice",
                            child,
                            &child.name.span,
                            self.findings,
                        )
                    {
                        reading.choices.push(choice);
                    }
                }
                word => {
                    let message = format!("`{word}` is not a word of a reading");
                    self.error(
                        child,
                        &child.name.span,
                        message,
                        one_of(word, ["title", "choice"]),
                    );
                }
            }
        }
        self.check_choices(node, &reading);
        if !reading.choices.is_empty() {
            self.grammar.readings.push(reading);
        }
    }

    fn text_of(&mut self, node: &Node) -> Option<String> {
        let text = node
            .arguments()
            .next()
            .and_then(Entry::text)
            .map(str::to_owned);
        if text.is_none() {
            let name = &node.name.text;
            self.error(
                node,
                &node.name.span,
                format!("`{name}` lacks its text"),
                format!("write it in quotes: {name} \"...\""),
            );
        }
        text
    }

    fn choice(&mut self, node: &Node) -> Option<Choice> {
        let shape = Shape {
            arguments: (1, 1),
            properties: &["verdict", "checks"],
            block: true,
            example: CHOICE_EXAMPLE,
        };
        shape.check(node, self.findings);
        let name = node.arguments().next()?.name()?;
        let mut choice = Choice {
            name,
            verdict: Worth::Pass,
            checks: Vec::new(),
            types: Vec::new(),
            opcode: None,
            renumbered: Vec::new(),
        };
        if let Some(verdict) = node.property("verdict") {
            match Worth::named(&verdict.value.to_string()) {
                Some(worth) => choice.verdict = worth,
                None => {
                    let help = one_of(&verdict.value.to_string(), Worth::NAMES);
                    self.error(
                        node,
                        &verdict.span,
                        format!("{} is not a verdict", verdict.value),
                        help,
                    );
                }
            }
        }
        if let Some(checks) = node.property("checks") {
            let ids = checks.name().unwrap_or_default();
            for id in ids.split_whitespace() {
                choice.checks.push(id.to_owned());
                self.cited.push(Cited {
                    id: id.to_owned(),
                    file: Arc::clone(&node.file),
                    span: checks.span.clone(),
                });
            }
        }
        for child in node.block() {
            match child.name.text.as_str() {
                "type" => choice.types.extend(self.type_definition(child)),
                "opcode" => choice.opcode = self.integer_word(child, "opcode int8"),
                "renumber" => choice.renumbered.extend(self.renumber_in_choice(child)),
                word => {
                    let message = format!("`{word}` is not a word of a choice");
                    self.error(
                        child,
                        &child.name.span,
                        message,
                        one_of(word, ["type", "opcode", "renumber"]),
                    );
                }
            }
        }
        Some(choice)
    }

    /// Checks that each choice defines the same things. So every type exists in every reading, once, and with the same
    /// sort.
    fn check_choices(&mut self, node: &Node, reading: &Reading) {
        if reading.choices.len() < 2 {
            let help = "write at least two choices: choice \"8\" { ... }; choice \"4\" { ... }";
            self.error(
                node,
                &node.name.span,
                format!("reading {} has fewer than two choices", reading.name),
                help,
            );
        }
        if reading.title.is_empty() {
            self.error(
                node,
                &node.name.span,
                format!("reading {} has no title", reading.name),
                "write the open question: title \"how many bytes a LONG takes\"",
            );
        }
        let settles = |choice: &Choice| -> Vec<(String, Sort)> {
            let mut types: Vec<_> = choice
                .types
                .iter()
                .map(|known| (known.name.clone(), known.kind.sort()))
                .collect();
            types.sort_by(|a, b| a.0.cmp(&b.0));
            types
        };
        let Some(first) = reading.choices.first() else {
            return;
        };
        for other in reading.choices.iter().skip(1) {
            if settles(first) != settles(other) {
                let message = format!(
                    "choice {} does not define the same types as choice {}",
                    other.name, first.name
                );
                self.error(
                    node,
                    &node.name.span,
                    message,
                    "define a type that depends on a reading in each of its choices",
                );
            }
        }
        for (name, _) in settles(first) {
            is_first(
                &mut self.seen_types,
                &name,
                "type",
                node,
                &node.name.span,
                self.findings,
            );
        }
    }
}
