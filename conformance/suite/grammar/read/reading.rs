//! Reads `reading` and its choices.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Cited, Reader, mistake};
use crate::grammar::{Choice, Reading, Sort, Worth};
use crate::source::{Check, Entry, Node, Shape};

const EXAMPLE: &str = "reading long-width { title \"...\"; choice ... }";
const CHOICE: &str = "choice \"no\" verdict=non-strict checks=CHATON-2.3";

impl Reader<'_> {
    pub(super) fn reading(&mut self, node: &Node) -> Option<Reading> {
        Shape::like(EXAMPLE).and_block().check(node, self);
        let entry = node.arguments().next()?;
        let name = entry.name().unwrap_or_default();
        let seen = &mut self.seen_readings;
        let is_first = self.findings.is_first(seen, &name, "reading", entry);
        is_first.then_some(())?;
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
                    let choice = self.choice(child);
                    let choice =
                        choice.filter(|new| self.is_first(&mut names, &new.name, "choice", child));
                    reading.choices.extend(choice);
                }
                word => self.unknown_word(child, word, "a reading", &["title", "choice"]),
            }
        }
        self.check_choices(node, &reading);
        (!reading.choices.is_empty()).then_some(reading)
    }

    fn unknown_word(&mut self, node: &Node, word: &str, of: &str, known: &[&str]) {
        let unknown = mistake::not_a_word(word, of).one_of(word, known.iter().copied());
        self.report(node, unknown);
    }

    fn text_of(&mut self, node: &Node) -> Option<String> {
        let text = node.arguments().next().and_then(Entry::text);
        let text = self.need(text, node, || mistake::no_text(&node.name.text));
        text.map(str::to_owned)
    }

    fn choice(&mut self, node: &Node) -> Option<Choice> {
        let shape = Shape::like(CHOICE).with(&["verdict", "checks"]);
        shape.and_block().check(node, self);
        let name = node.arguments().next()?.name()?;
        let mut choice = Choice {
            name,
            verdict: self.verdict(node).unwrap_or(Worth::Pass),
            checks: Vec::new(),
            types: Vec::new(),
            opcode: None,
            renumbered: Vec::new(),
        };
        if let Some(checks) = node.property("checks") {
            let ids = checks.name().unwrap_or_default();
            for id in ids.split_whitespace().map(str::to_owned) {
                choice.checks.push(id.clone());
                let place = (Arc::clone(&node.file), checks.span.clone());
                self.cited.push(Cited { id, place });
            }
        }
        for child in node.block() {
            match child.name.text.as_str() {
                "type" => choice.types.extend(self.type_definition(child)),
                "opcode" => choice.opcode = self.integer_word(child, "opcode int8"),
                "renumber" => choice.renumbered.extend(self.renumber_in_choice(child)),
                word => self.unknown_word(child, word, "a choice", &["type", "opcode", "renumber"]),
            }
        }
        Some(choice)
    }

    fn verdict(&mut self, node: &Node) -> Option<Worth> {
        let verdict = node.property("verdict")?;
        let written = verdict.value.to_string();
        self.need(Worth::named(&written), verdict, || {
            mistake::not_a_verdict(&written).one_of(&written, Worth::NAMES)
        })
    }

    /// Checks that all choices of a reading define the same types. So with every choice, each of these types exists exactly
    /// once and has the same sort.
    fn check_choices(&mut self, node: &Node, reading: &Reading) {
        let name = &reading.name;
        let has_two = reading.choices.len() >= 2;
        self.check(has_two, node, || mistake::too_few_choices(name));
        let has_title = !reading.title.is_empty();
        self.check(has_title, node, || mistake::no_title(name));
        let Some((first, others)) = reading.choices.split_first() else {
            return;
        };
        for other in others {
            self.check(settled(first) == settled(other), node, || {
                mistake::other_types(&other.name, &first.name)
            });
        }
        for (name, _) in settled(first) {
            self.is_first_type(name, node);
        }
    }
}

/// Returns the types that a choice defines, in alphabetical order.
fn settled(choice: &Choice) -> Vec<(&str, Sort)> {
    let types = choice.types.iter();
    let mut types: Vec<_> = types
        .map(|known| (known.name.as_str(), known.kind.sort()))
        .collect();
    types.sort_by_key(|(name, _)| *name);
    types
}
