//! Reads the blocks `when`, `eventually` and `repeat`, and the step `distinct`.

use super::budget::MAX_STEPS;
use super::expand::Bindings;
use super::scope::{Partly, Scope};
use super::{Reader, mistake};
use crate::scenario::{Action, Step, walk};
use crate::source::{Check, Node, Shape, given_or};

const WHEN: &str = "write: when echo=yes { alice < MESSAGE ... }";
const EVENTUALLY: &str =
    "write: eventually 20 { client again; again > LOGIN login=@alice; again < LOGIN_ACCEPTED }";
const REPEAT: &str = "repeat 40 as=i { ... }";

impl Reader<'_> {
    /// Reads `when echo=yes { steps }`.
    pub(super) fn when(&mut self, node: &Node) -> Option<Action> {
        let [entry] = node.entries.as_slice() else {
            return self.refuse(node, mistake::whens_entries(WHEN));
        };
        let key = self.need(entry.key.as_ref(), entry, || {
            mistake::when_without_a_choice(WHEN)
        })?;
        let grammar = self.context.grammar;
        let reading = self.need(grammar.reading_named(&key.text), key, || {
            mistake::no_such_reading(&key.text).one_of(&key.text, grammar.reading_names())
        })?;
        let choice = entry.name().unwrap_or_default();
        self.need(reading.choice_named(&choice), entry, || {
            let known = reading.choices.iter().map(|choice| choice.name.as_str());
            let written = format!("{choice:?}");
            mistake::no_such_choice(&reading.name, written).one_of(&choice, known)
        })?;
        let outer = self.choices.get(&reading.name);
        let runs = outer.is_none_or(|outer| *outer == choice);
        self.must(runs, entry, mistake::never_runs)?;
        self.take_copy(self.scope.size(), node)?;
        let before = self.scope.clone();
        let outer = self.choices.insert(reading.name.clone(), choice.clone());
        let steps = self.steps(node.block());
        match outer {
            Some(outer) => self.choices.insert(reading.name.clone(), outer),
            None => self.choices.remove(&reading.name),
        };
        let inside = std::mem::replace(&mut self.scope, before);
        self.leave_when(inside, &reading.name, &choice);
        self.must(!node.block().is_empty(), node, || mistake::empty_when(WHEN))?;
        Some(Action::When {
            reading: reading.name.clone(),
            choice,
            steps,
        })
    }

    /// Ends a `when`. A value that the steps of the `when` remember exists only if the target follows this choice of the
    /// reading. So later steps may use the value only where this is certain.
    fn leave_when(&mut self, inside: Scope, reading: &str, choice: &str) {
        for (name, what) in &inside.bound {
            if !self.scope.bound.contains_key(name) {
                let partly = self.scope.partly.entry(name.clone());
                let partly = partly.or_insert_with(|| Partly::in_no_reading(*what));
                partly.settled.push((reading.to_owned(), choice.to_owned()));
            }
        }
        self.scope.unobserved = inside.unobserved;
    }

    /// Reads `eventually 20 { steps }`: steps that are tried at most 20 times.
    pub(super) fn eventually(&mut self, node: &Node) -> Option<Action> {
        let shape = Shape::like("eventually 20 { ... }").and_block();
        let [entry] = self.arguments(node, shape)?;
        let tries = self.count(Some(entry), 1..=MAX_TRIES, node, || {
            mistake::not_a_number_of_tries(MAX_TRIES, EVENTUALLY)
        })?;
        // The target may handle the first step of the block before it handles earlier sends. This does no harm: the try
        // fails, and the block is tried again.
        self.scope.unobserved.clear();
        let mistakes_before = self.mistakes;
        let steps = self.steps(node.block());
        let shows = self.mistakes > mistakes_before || walk::any_expects(&steps);
        self.must(shows, node, || mistake::try_without_a_result(EVENTUALLY))?;
        Some(Action::Eventually { tries, steps })
    }

    /// Reads `repeat 40 as=i { steps }`.
    pub(super) fn repeat(&mut self, node: &Node) -> Option<Vec<Step>> {
        let [entry] = self.arguments(node, Shape::like(REPEAT).with(&["as"]).and_block())?;
        let times = self.count(Some(entry), 1..=MAX_STEPS, node, || {
            mistake::not_a_repetition(MAX_STEPS, REPEAT)
        })?;
        let counter = given_or(node.property("as"), None, |entry| {
            let name = self.new_name(entry, format_args!("write: {REPEAT}"));
            name.map(Some)
        })?;
        self.must(!node.block().is_empty(), node, mistake::nothing_to_repeat)?;
        let mut steps = Vec::new();
        for count in 1..=times {
            if self.is_spent(node) {
                break;
            }
            let bindings = Bindings::of_counter(counter, count);
            steps.extend(self.expanded_steps(node.block().iter(), &bindings));
        }
        Some(steps)
    }

    /// Reads `distinct $a $b`.
    pub(super) fn distinct(&mut self, node: &Node) -> Option<Action> {
        let mut names: Vec<String> = Vec::new();
        for entry in &node.entries {
            let word = entry.word().filter(|_| entry.key.is_none());
            let name = word.and_then(|word| word.strip_prefix('$'));
            let name = self.need(name, entry, || mistake::not_remembered_value(entry))?;
            self.remembered(name, entry)?;
            let is_new = !names.iter().any(|other| other == name);
            self.must(is_new, entry, || mistake::distinct_from_itself(name))?;
            names.push(name.to_owned());
        }
        self.must(names.len() >= 2, node, mistake::nothing_to_compare)?;
        Some(Action::Distinct(names))
    }
}

/// Maximum number of tries. The tries are 100 ms apart, so all pauses together take at most a minute.
const MAX_TRIES: usize = 600;
