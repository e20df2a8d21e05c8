//! Reads `either` and its cases.

use super::scope::Scope;
use super::step::{Phrase, arrow};
use super::{Reader, mistake};
use crate::grammar::Worth;
use crate::scenario::verb::STEPS;
use crate::scenario::{Action, Branch, LaneId, Step};
use crate::source::{Check, Node, Shape, given_or};

const EXAMPLE: &str = "case \"refuses it\" verdict=non-strict { LOGIN_REFUSED }";

impl Reader<'_> {
    /// Reads `either { case "..." { steps } }`.
    pub(super) fn either(&mut self, node: &Node) -> Option<Action> {
        let help =
            "write: either { case \"...\" { ... } }, or for one lane: alice < either { ... }";
        self.no_extra(node.entries.first(), help)?;
        self.branches(node, node.block(), None)
    }

    /// Reads `alice < either { case "..." { what alice receives } }`.
    pub(super) fn either_of_lane(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let help = "write the cases in braces: alice < either { case \"...\" { closed } }";
        self.no_extra(phrase.entries.first(), help)?;
        self.branches(phrase.node, phrase.block, Some(lane))
    }

    fn branches(&mut self, node: &Node, block: &[Node], lane: Option<LaneId>) -> Option<Action> {
        self.check(block.len() >= 2, node, mistake::too_few_cases);
        let before = self.scope.clone();
        let sent_before = self.sent_last.take();
        let mut ends: Vec<Scope> = Vec::new();
        let mut sent = None;
        let mut branches = Vec::new();
        for case in block {
            let copied = self.take_copy(before.size(), case);
            if copied.and_then(|()| self.take_step(case)).is_none() {
                break;
            }
            self.scope = before.clone();
            if !ends.is_empty() {
                // The earlier cases are tried before this one. They have waited for something that did not arrive. So the
                // target has had time to handle everything that was sent before the `either`, and these sends count as
                // handled.
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
        let word = &node.name.text;
        self.must(word == "case", node, || mistake::not_a_case(word, EXAMPLE))?;
        let shape = Shape::like(EXAMPLE).with(&["verdict"]).and_block();
        let [entry] = self.arguments(node, shape)?;
        let name = self.need(entry.text(), entry, || mistake::unnamed_case(EXAMPLE))?;
        let worth = given_or(node.property("verdict"), Worth::Pass, |verdict| {
            let written = verdict.value.to_string();
            self.need(Worth::named(&written), verdict, || {
                mistake::not_a_verdict(&written).one_of(&written, Worth::NAMES)
            })
        })?;
        let steps = match lane {
            None => self.steps(node.block()),
            Some(lane) => self.steps_of_lane(lane, node.block()),
        };
        self.check(!node.block().is_empty(), node, || mistake::empty_case(name));
        Some(Branch {
            name: name.to_owned(),
            worth,
            steps,
        })
    }

    /// Reads a case of an `either` that already names the lane and the arrow. Besides the lines that say what the lane
    /// receives, the case may contain whole steps.
    fn steps_of_lane(&mut self, lane: LaneId, nodes: &[Node]) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in nodes {
            if self.is_spent(node) {
                break;
            }
            if arrow(node).is_some() || STEPS.contains(&node.name.text.as_str()) {
                self.step(node, &mut steps);
                continue;
            }
            if self.take_step(node).is_none() {
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
        let mut states = self.scope.lanes.values();
        let state = states.find(|state| state.id == lane);
        let Some((how, line)) = state.and_then(|state| state.ended) else {
            return false;
        };
        let name = self.lane_name(lane);
        self.report(node, mistake::lane_of_a_case_ended(name, how, line));
        true
    }
}
