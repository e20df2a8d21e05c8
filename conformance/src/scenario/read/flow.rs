//! Blocks: either, when, eventually, repeat; and distinct.

use super::Reader;
use super::budget::MAX_STEPS;
use super::expand::Bindings;
use super::fragment::is_name;
use super::scope::{Partly, Scope};
use super::step::{Phrase, arrow};
use crate::grammar::Worth;
use crate::scenario::{Action, Branch, LaneId, Step};
use crate::source::{Entry, Node, Shape, one_of};

const STRUCTURE: [&str; 8] = [
    "client",
    "together",
    "either",
    "eventually",
    "repeat",
    "when",
    "distinct",
    "use",
];

impl Reader<'_> {
    /// `either { case "..." { steps } }`.
    pub(super) fn either(&mut self, node: &Node, out: &mut Vec<Step>) {
        if let Some(extra) = node.entries.first() {
            let help =
                "write: either { case \"...\" { ... } }, or for one lane: alice < either { ... }";
            self.error(
                node,
                &extra.span,
                format!("`{extra}` does not belong here"),
                help,
            );
            return;
        }
        if let Some(action) = self.branches(node, node.block(), None) {
            out.push(self.make_step(node, node.to_string(), action));
        }
    }

    /// `alice < either { case "..." { what alice sees } }`.
    pub(super) fn either_of_lane(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        if let Some(extra) = phrase.entries.first() {
            self.error(
                phrase.node,
                &extra.span,
                format!("`{extra}` does not belong here"),
                "the cases stand in braces: alice < either { case \"...\" { closed } }",
            );
            return None;
        }
        self.branches(phrase.node, phrase.block, Some(lane))
    }

    fn branches(&mut self, node: &Node, block: &[Node], lane: Option<LaneId>) -> Option<Action> {
        if block.len() < 2 {
            self.error(
                node,
                &node.name.span,
                "`either` needs at least two cases",
                "write: either { case \"closes\" { ... }; case \"ignores it\" { ... } }",
            );
        }
        let before = self.scope.clone();
        let sent_before = self.sent_last.take();
        let mut ends: Vec<Scope> = Vec::new();
        let mut sent = None;
        let mut branches = Vec::new();
        for case in block {
            if !self.budget.take_copy(before.size()) || !self.budget.take_step() {
                self.report_size(case);
                break;
            }
            self.scope = before.clone();
            if !ends.is_empty() {
                // Before this case is tried, those above it have waited in vain: that is an observation, too.
                self.scope.unobserved.clear();
            }
            self.sent_last.clone_from(&sent_before);
            branches.extend(self.case(case, lane));
            ends.push(std::mem::take(&mut self.scope));
            sent = sent.or(self.sent_last.take());
        }
        self.scope = before;
        self.scope.merge(&ends);
        self.sent_last = sent;
        (branches.len() == block.len() && branches.len() > 1).then_some(Action::Either(branches))
    }

    fn case(&mut self, node: &Node, lane: Option<LaneId>) -> Option<Branch> {
        let example = "case \"refuses it\" verdict=non-strict { LOGIN_REFUSED }";
        if node.name.text != "case" {
            let message = format!("`{}` is not a case", node.name.text);
            self.error(
                node,
                &node.name.span,
                message,
                format!("`either` consists of cases: {example}"),
            );
            return None;
        }
        let shape = Shape {
            arguments: (1, 1),
            properties: &["verdict"],
            block: true,
            example,
        };
        if !shape.check(node, self.findings) {
            return None;
        }
        let entry = node.arguments().next()?;
        let Some(name) = entry.text().map(str::to_owned) else {
            self.error(
                node,
                &entry.span,
                "a case says what the target does",
                format!("in quotes: {example}"),
            );
            return None;
        };
        let worth = match node.property("verdict") {
            None => Worth::Pass,
            Some(verdict) => match Worth::named(&verdict.value.to_string()) {
                Some(worth) => worth,
                None => {
                    let written = verdict.value.to_string();
                    self.error(
                        node,
                        &verdict.span,
                        format!("{written} is not a verdict"),
                        one_of(&written, Worth::NAMES),
                    );
                    return None;
                }
            },
        };
        let steps = match lane {
            None => self.steps(node.block()),
            Some(lane) => self.steps_of_lane(lane, node.block()),
        };
        if node.block().is_empty() {
            self.error(
                node,
                &node.name.span,
                format!("nothing tells whether the target {name}"),
                "say what is seen then; for nothing: silence",
            );
        }
        Some(Branch { name, worth, steps })
    }

    /// The lane and its arrow are known; whole steps may stand among what it sees.
    fn steps_of_lane(&mut self, lane: LaneId, nodes: &[Node]) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in nodes {
            if self.budget.is_spent() {
                break;
            }
            if arrow(node).is_some() || STRUCTURE.contains(&node.name.text.as_str()) {
                self.step(node, &mut steps);
                continue;
            }
            if !self.budget.take_step() {
                self.report_size(node);
                break;
            }
            if self.has_ended(lane, node) {
                continue;
            }
            self.lane = Some(lane);
            let phrase = Phrase::of_node(node);
            if let Some(action) = self.sees(lane, &phrase) {
                let text = format!("{} < {node}", self.lane_name(lane));
                steps.push(self.make_step(node, text, action));
            }
            self.lane = None;
        }
        steps
    }

    fn has_ended(&mut self, lane: LaneId, node: &Node) -> bool {
        let ended = self
            .scope
            .lanes
            .values()
            .find(|state| state.id == lane)
            .and_then(|state| state.ended);
        let Some((how, line)) = ended else {
            return false;
        };
        let message = format!(
            "lane {} has ended: `{how}` on line {line}",
            self.lane_name(lane)
        );
        self.error(
            node,
            &node.name.span,
            message,
            "nothing comes behind it; take this away, or put it before",
        );
        true
    }

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
                "this can never be: the block around it settles another choice",
                "take one of them away",
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
        if steps.is_empty() {
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

    /// What was remembered inside is remembered in that reading; the rest may or may not have been.
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
        if !shape.check(node, self.findings) {
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
        let steps = self.steps(node.block());
        if !steps.iter().any(looks) {
            return self.error(
                node,
                &node.name.span,
                "nothing tells whether a try has come out well",
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
        if !shape.check(node, self.findings) {
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
                "nothing is repeated",
                "put steps into its braces",
            );
        }
        for count in 1..=times {
            if self.budget.is_spent() {
                self.report_size(node);
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

/// The most tries: 100 ms apart, that is a minute.
const MAX_TRIES: usize = 600;

/// Whether a step expects anything.
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
