//! The blocks `when`, `eventually` and `repeat`, and the step `distinct`.

use super::Reader;
use super::budget::MAX_STEPS;
use super::expand::Bindings;
use super::fragment::is_name;
use super::scope::{Partly, Scope};
use crate::scenario::{Action, Step};
use crate::source::{Entry, Node, Shape, one_of};

impl Reader<'_> {
    /// `when echo=yes { steps }`.
    pub(super) fn when(&mut self, node: &Node, out: &mut Vec<Step>) {
        let example = "write: when echo=yes { alice < MESSAGE ... }";
        let [entry] = node.entries.as_slice() else {
            return self.error(
                node,
                &node.name.span,
                "`when` names one reading and its choice",
                example,
            );
        };
        let Some(key) = &entry.key else {
            return self.error(
                node,
                &entry.span,
                "`when` names a reading and its choice",
                example,
            );
        };
        let grammar = self.context.grammar;
        let Some(reading) = grammar.reading_named(&key.text) else {
            let help = one_of(
                &key.text,
                grammar.readings.iter().map(|reading| reading.name.as_str()),
            );
            return self.error(
                node,
                &key.span,
                format!("wire.kdl has no reading {}", key.text),
                help,
            );
        };
        let choice = entry.name().unwrap_or_default();
        if reading.choice_named(&choice).is_none() {
            let help = one_of(
                &choice,
                reading.choices.iter().map(|choice| choice.name.as_str()),
            );
            return self.error(
                node,
                &entry.span,
                format!("reading {} has no choice {choice:?}", reading.name),
                help,
            );
        }
        if self
            .choices
            .get(&reading.name)
            .is_some_and(|outer| *outer != choice)
        {
            return self.error(
                node,
                &entry.span,
                "this block never runs: the block around it requires another choice",
                "remove one of them",
            );
        }
        if !self.budget.take_copy(self.scope.size()) {
            return self.report_size(node);
        }
        let before = self.scope.clone();
        let outer = self.choices.insert(reading.name.clone(), choice.clone());
        let steps = self.steps(node.block());
        match outer {
            Some(outer) => self.choices.insert(reading.name.clone(), outer),
            None => self.choices.remove(&reading.name),
        };
        let inside = std::mem::replace(&mut self.scope, before);
        self.leave_when(inside, &reading.name, &choice);
        if node.block().is_empty() {
            return self.error(node, &node.name.span, "`when` has no steps", example);
        }
        out.push(self.make_step(
            node,
            node.to_string(),
            Action::When {
                reading: reading.name.clone(),
                choice,
                steps,
            },
        ));
    }

    /// A value that was remembered inside counts as remembered in that reading only.
    fn leave_when(&mut self, inside: Scope, reading: &str, choice: &str) {
        for (name, what) in &inside.bound {
            if !self.scope.bound.contains_key(name) {
                let partly = self.scope.partly.entry(name.clone());
                let partly = partly.or_insert_with(|| Partly {
                    what: *what,
                    settled: Vec::new(),
                });
                partly.settled.push((reading.to_owned(), choice.to_owned()));
            }
        }
        self.scope.unobserved = inside.unobserved;
    }

    /// `eventually 20 { steps }`.
    pub(super) fn eventually(&mut self, node: &Node, out: &mut Vec<Step>) {
        let example = "write: eventually 20 { client again; again > LOGIN login=@alice; again < LOGIN_ACCEPTED }";
        let shape = Shape {
            arguments: (1, 1),
            properties: &[],
            block: true,
            example: "eventually 20 { ... }",
        };
        if !self.has_shape(shape, node) {
            return;
        }
        let entry = node.arguments().next();
        let tries = entry
            .and_then(Entry::number)
            .and_then(|number| usize::try_from(number).ok());
        let Some(tries) = tries.filter(|tries| (1..=MAX_TRIES).contains(tries)) else {
            let message = format!("`eventually` takes a number of tries, from 1 to {MAX_TRIES}");
            return self.error(node, &node.name.span, message, example);
        };
        // It is tried again because nobody sees when it can come out well: that its first step races is its purpose.
        self.scope.unobserved.clear();
        let mistakes_before = self.mistakes;
        let steps = self.steps(node.block());
        if self.mistakes == mistakes_before && !steps.iter().any(looks) {
            return self.error(
                node,
                &node.name.span,
                "no step shows whether a try succeeded",
                example,
            );
        }
        out.push(self.make_step(node, node.to_string(), Action::Eventually { tries, steps }));
    }

    /// `repeat 40 as=i { steps }`.
    pub(super) fn repeat(&mut self, node: &Node, out: &mut Vec<Step>) {
        let shape = Shape {
            arguments: (1, 1),
            properties: &["as"],
            block: true,
            example: "repeat 40 as=i { ... }",
        };
        if !self.has_shape(shape, node) {
            return;
        }
        let entry = node.arguments().next();
        let times = entry
            .and_then(Entry::number)
            .and_then(|number| usize::try_from(number).ok());
        let Some(times) = times.filter(|times| (1..=MAX_STEPS).contains(times)) else {
            let message = format!("`repeat` takes a number from 1 to {MAX_STEPS}");
            return self.error(
                node,
                &node.name.span,
                message,
                "write: repeat 40 as=i { ... }",
            );
        };
        let counter = match node.property("as") {
            None => None,
            Some(entry) => match entry.word().filter(|word| is_name(word)) {
                Some(counter) => Some(counter),
                None => {
                    return self.error(
                        node,
                        &entry.span,
                        format!("{} is not a name", entry.value),
                        "write: repeat 40 as=i { ... }",
                    );
                }
            },
        };
        if node.block().is_empty() {
            return self.error(
                node,
                &node.name.span,
                "there are no steps to repeat",
                "write steps in its braces",
            );
        }
        for count in 1..=times {
            if self.is_spent(node) {
                break;
            }
            let bindings = Bindings::of_counter(counter, count);
            out.extend(self.expanded_steps(node.block().iter(), &bindings));
        }
    }

    /// `distinct $a $b`.
    pub(super) fn distinct(&mut self, node: &Node, out: &mut Vec<Step>) {
        let mut names = Vec::new();
        for entry in &node.entries {
            let Some(name) = entry
                .word()
                .filter(|_| entry.key.is_none())
                .and_then(|word| word.strip_prefix('$'))
            else {
                let help = "name remembered values: distinct $a $b";
                return self.error(
                    node,
                    &entry.span,
                    format!("{entry} is not a remembered value"),
                    help,
                );
            };
            if self.remembered(node, &entry.span, name).is_none() {
                return;
            }
            if names.iter().any(|other| other == name) {
                return self.error(
                    node,
                    &entry.span,
                    format!("${name} never differs from itself"),
                    "name each value once",
                );
            }
            names.push(name.to_owned());
        }
        if names.len() < 2 {
            return self.error(
                node,
                &node.name.span,
                "`distinct` compares at least two values",
                "write: distinct $a $b",
            );
        }
        out.push(self.make_step(node, node.to_string(), Action::Distinct(names)));
    }
}

/// Maximum number of tries. They are 100 ms apart, so all of them take a minute.
const MAX_TRIES: usize = 600;

/// Returns whether a step expects anything.
fn looks(step: &Step) -> bool {
    match &step.action {
        Action::Expect { .. }
        | Action::AnyOrder { .. }
        | Action::Either(_)
        | Action::Distinct(_) => true,
        Action::Together(lanes) => lanes.iter().flatten().any(looks),
        Action::Eventually { steps, .. } | Action::When { steps, .. } => steps.iter().any(looks),
        _ => false,
    }
}
