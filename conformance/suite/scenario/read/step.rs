//! Reads one step of a scenario.

use std::fmt::Display;
use std::sync::Arc;

use super::budget::{MAX_NESTING, MAX_STEPS};
use super::fragment::is_name;
use super::{Reader, mistake};
use crate::scenario::verb::HEAD;
use crate::scenario::{Action, Arrow, LaneId, Step, Verb, words};
use crate::source::{Check, Entry, Mistake, Node, Placed, Scalar, SourceFile, Span, Word};

/// What people write by mistake instead of an arrow.
const NOT_ARROWS: [&str; 7] = ["->", "=>", "<-", "<=", ">>", "<<", ":"];

/// Maximum length of a step's text in reports, in characters. A longer text is cut.
const MAX_TEXT_CHARS: usize = 200;

/// The part of a step after the arrow. In a block that already names the lane and the arrow, a phrase is a whole line.
pub(super) struct Phrase<'n> {
    pub(super) node: &'n Node,
    pub(super) verb: Verb,
    /// The verb or the packet, as written.
    pub(super) word: &'n str,
    pub(super) verb_span: &'n Span,
    /// The words that follow the verb or the packet.
    pub(super) entries: &'n [Entry],
    pub(super) block: &'n [Node],
}

impl<'n> Phrase<'n> {
    /// Returns the phrase of a whole line, for a block that already names the lane and the arrow.
    pub(super) fn of_node(node: &'n Node) -> Phrase<'n> {
        Phrase {
            node,
            verb: Verb::of(&node.name.text),
            word: &node.name.text,
            verb_span: &node.name.span,
            entries: &node.entries,
            block: node.block(),
        }
    }

    /// Returns the line of the step, counted from 1.
    pub(super) fn line(&self) -> usize {
        self.node.file.place(self.node.span.start).0
    }

    /// Returns the place of the whole step.
    pub(super) fn whole(&self) -> (Arc<SourceFile>, Span) {
        (Arc::clone(&self.node.file), self.node.span.clone())
    }

    pub(super) fn arguments(&self) -> impl Iterator<Item = &'n Entry> {
        self.entries.iter().filter(|entry| entry.key.is_none())
    }

    /// Returns the argument, if there is exactly one.
    pub(super) fn only_argument(&self) -> Option<&'n Entry> {
        let mut arguments = self.arguments();
        arguments.next().filter(|_| arguments.next().is_none())
    }

    pub(super) fn properties(&self) -> impl Iterator<Item = (&'n Word, &'n Entry)> {
        self.entries
            .iter()
            .filter_map(|entry| Some((entry.key.as_ref()?, entry)))
    }

    pub(super) fn property(&self, key: &str) -> Option<&'n Entry> {
        self.properties()
            .find(|(word, _)| word.text == key)
            .map(|(_, entry)| entry)
    }
}

/// Messages about a phrase point to its verb.
impl Placed for Phrase<'_> {
    fn place(&self) -> (&Arc<SourceFile>, Span) {
        (&self.node.file, self.verb_span.clone())
    }
}

/// Checks that are used for many kinds of steps.
impl Reader<'_> {
    /// Checks that the step contains nothing more. `extra` is the first part that does not belong there, if there is one.
    pub(super) fn no_extra(&mut self, extra: Option<&Entry>, help: &str) -> Option<()> {
        match extra {
            None => Some(()),
            Some(extra) => self.refuse(extra, mistake::extra(extra, help)),
        }
    }

    /// Checks that the phrase has only these properties.
    pub(super) fn only_properties(
        &mut self,
        phrase: &Phrase<'_>,
        known: &[&str],
        help: &str,
    ) -> Option<()> {
        let mut properties = phrase.properties();
        match properties.find(|(key, _)| !known.contains(&key.text.as_str())) {
            None => Some(()),
            Some((key, _)) => {
                let unknown = mistake::no_such_property(phrase.word, &key.text, help);
                self.refuse(key, unknown)
            }
        }
    }

    /// Reads a new name. If the name is not valid, the reported mistake shows `example`.
    pub(super) fn new_name<'n>(
        &mut self,
        entry: &'n Entry,
        example: impl Display,
    ) -> Option<&'n str> {
        let name = entry.word().filter(|word| is_name(word));
        self.need(name, entry, || mistake::not_a_name(&entry.value, example))
    }

    /// Takes one step from the budget of the scenario.
    pub(super) fn take_step(&mut self, node: &Node) -> Option<()> {
        let enough = self.budget.take_step();
        self.report_size_unless(enough, node)
    }

    /// Takes the size of a copy from the budget of the suite.
    pub(super) fn take_copy(&mut self, size: usize, node: &Node) -> Option<()> {
        let enough = self.budget.take_copy(size);
        self.report_size_unless(enough, node)
    }

    /// Returns whether the budget is used up. If it is, reports the next step as the first step above the limit.
    pub(super) fn is_spent(&mut self, next: &Node) -> bool {
        let enough = !self.budget.is_spent();
        self.report_size_unless(enough, next).is_none()
    }

    /// If the budget was not enough, reports that the scenario is too large, but only once for each scenario.
    fn report_size_unless(&mut self, enough: bool, node: &Node) -> Option<()> {
        if !enough && self.budget.is_first_report() {
            let id = self.scenario.id.clone();
            self.report(node, mistake::too_many_steps(id, MAX_STEPS));
        }
        enough.then_some(())
    }
}

impl Reader<'_> {
    /// Reads a block of steps.
    pub(super) fn steps(&mut self, nodes: &[Node]) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in nodes {
            if self.is_spent(node) {
                break;
            }
            self.step(node, &mut steps);
        }
        steps
    }

    pub(super) fn step(&mut self, node: &Node, out: &mut Vec<Step>) -> Option<()> {
        self.take_step(node)?;
        let action = match arrow(node) {
            Some(arrow) => self.lane_step(node, arrow)?,
            None => {
                let shallow = self.nesting < MAX_NESTING;
                self.must(shallow, node, || mistake::too_deep(MAX_NESTING))?;
                self.nesting += 1;
                let action = self.block(node, out);
                self.nesting -= 1;
                action?
            }
        };
        out.push(self.make_step(node, node.to_string(), action));
        Some(())
    }

    /// Reads a step without an arrow. For `repeat` and `use` it adds the inner steps to `out` itself, and returns `None`.
    fn block(&mut self, node: &Node, out: &mut Vec<Step>) -> Option<Action> {
        match node.name.text.as_str() {
            "client" => self.client(node),
            "together" => self.together(node),
            "either" => self.either(node),
            "eventually" => self.eventually(node),
            "when" => self.when(node),
            "distinct" => self.distinct(node),
            "pause" => self.pause(node),
            "repeat" => {
                out.extend(self.repeat(node)?);
                None
            }
            "use" => {
                out.extend(self.use_fragment(node)?);
                None
            }
            word => self.unknown_step(node, word),
        }
    }

    fn lane_step(&mut self, node: &Node, arrow: Arrow) -> Option<Action> {
        let verb = node.entries.get(1);
        let verb = verb.filter(|entry| entry.key.is_none() && entry.mark.is_none());
        let verb = self.need(verb, node, mistake::nothing_after_the_arrow)?;
        let Scalar::Word(word) = &verb.value else {
            return self.refuse(verb, mistake::not_a_verb(verb));
        };
        let phrase = Phrase {
            node,
            verb: Verb::of(word),
            word,
            verb_span: &verb.span,
            entries: node.entries.get(2..).unwrap_or_default(),
            block: node.block(),
        };
        let lane = self.lane_of_step(node, arrow, phrase.verb)?;
        self.lane = Some(lane);
        let action = match arrow {
            Arrow::Does => self.does(lane, &phrase),
            Arrow::Sees => self.sees(lane, &phrase),
        };
        self.lane = None;
        action
    }

    pub(super) fn make_step(&self, node: &Node, text: String, action: Action) -> Step {
        Step {
            action,
            file: node.file.name.clone(),
            span: node.span.clone(),
            line: node.file.place(node.span.start).0,
            text: shortened(text),
            proved_by: self.proved_by(),
        }
    }

    /// Returns the name of a lane, for messages.
    pub(super) fn lane_name(&self, lane: LaneId) -> String {
        self.scenario
            .lanes
            .get(lane.0)
            .map(|lane| lane.name.clone())
            .unwrap_or_default()
    }

    fn unknown_step<T>(&mut self, node: &Node, word: &str) -> Option<T> {
        let first = node.entries.first();
        if let Some(first) = first.filter(|_| !HEAD.contains(&word)) {
            let written = first.to_string();
            let is_arrow = !NOT_ARROWS.contains(&written.as_str());
            self.must(is_arrow, first, || mistake::not_an_arrow(written))?;
        }
        self.refuse(node, self.not_a_step(word))
    }

    fn not_a_step(&self, word: &str) -> Mistake {
        let arrow = Verb::of(word).arrow();
        if HEAD.contains(&word) {
            mistake::head_after_a_step(word)
        } else if self.scope.lanes.contains_key(word) {
            mistake::lane_without_an_arrow(word)
        } else if self.context.grammar.packet_named(word).is_some() {
            mistake::packet_without_a_lane(word)
        } else if arrow == Some(Arrow::Sees) || ["within", "not-before"].contains(&word) {
            mistake::nothing_receives(word)
        } else if arrow == Some(Arrow::Does) || word == "split" {
            mistake::nothing_does(word)
        } else {
            let lanes = self.scope.lanes.keys().map(String::as_str);
            let mut known: Vec<&str> = words().collect();
            known.extend(lanes);
            mistake::not_a_step(word).or_near(word, known)
        }
    }

    /// Returns the lane that a step names. If the lane is not declared or has already ended, reports that.
    fn lane_of_step(&mut self, node: &Node, arrow: Arrow, verb: Verb) -> Option<LaneId> {
        let name = node.name.text.as_str();
        let id = self.lane_named(name, node)?;
        let lane = self.scope.lanes.get(name)?;
        let sends = arrow == Arrow::Does && verb.needs_open_side();
        match (lane.ended, lane.shut) {
            (Some((how, line)), _) => self.refuse(node, mistake::lane_ended(name, how, line)),
            (None, Some(line)) if sends => {
                self.refuse(node, mistake::send_after_shutdown(name, line))
            }
            _ => Some(id),
        }
    }

    /// Looks up a lane by name.
    pub(super) fn lane_named(&mut self, name: &str, at: &impl Placed) -> Option<LaneId> {
        if let Some(lane) = self.scope.lanes.get(name) {
            return Some(lane.id);
        }
        let lanes = self.scope.lanes.keys().map(String::as_str);
        let is_declared = self.scenario.lanes.iter().any(|lane| lane.name == name);
        let unknown = if name.starts_with(['@', '$', '?']) {
            mistake::sign_before_a_lane(name)
        } else if is_declared {
            mistake::no_such_lane_outside(name).or_near(name, lanes)
        } else {
            mistake::no_such_lane(name).or_near(name, lanes)
        };
        self.refuse(at, unknown)
    }
}

/// Returns the arrow after a lane, if the node is a step of a lane.
pub(super) fn arrow(node: &Node) -> Option<Arrow> {
    match node.entries.first().and_then(Entry::word) {
        Some(">") => Some(Arrow::Does),
        Some("<") => Some(Arrow::Sees),
        _ => None,
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
