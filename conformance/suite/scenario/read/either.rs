//! Alternatives.

use super::Reader;
use super::scope::Scope;
use super::step::{Phrase, arrow};
use crate::grammar::Worth;
use crate::scenario::{Action, Branch, LaneId, Step};
use crate::source::{Node, Shape, one_of};

/// Words for whole steps, without a lane before them, that are allowed among the things that a lane receives in a case.
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
        let help =
            "write: either { case \"...\" { ... } }, or for one lane: alice < either { ... }";
        if self.no_extra(node, node.entries.first(), help).is_none() {
            return;
        }
        if let Some(action) = self.branches(node, node.block(), None) {
            out.push(self.make_step(node, node.to_string(), action));
        }
    }

    /// `alice < either { case "..." { what alice receives } }`.
    pub(super) fn either_of_lane(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let help = "write the cases in braces: alice < either { case \"...\" { closed } }";
        self.no_extra(phrase.node, phrase.entries.first(), help)?;
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
            return self.refuse(
                node,
                &node.name.span,
                message,
                format!("`either` consists of cases: {example}"),
            );
        }
        let shape = Shape {
            arguments: (1, 1),
            properties: &["verdict"],
            block: true,
            example,
        };
        if !self.has_shape(shape, node) {
            return None;
        }
        let entry = node.arguments().next()?;
        let Some(name) = entry.text().map(str::to_owned) else {
            return self.refuse(
                node,
                &entry.span,
                "a case needs a text that says what the target does",
                format!("write it in quotes: {example}"),
            );
        };
        let worth = match node.property("verdict") {
            None => Worth::Pass,
            Some(verdict) => match Worth::named(&verdict.value.to_string()) {
                Some(worth) => worth,
                None => {
                    let written = verdict.value.to_string();
                    return self.refuse(
                        node,
                        &verdict.span,
                        format!("{written} is not a verdict"),
                        one_of(&written, Worth::NAMES),
                    );
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
                format!("no step shows whether the target {name}"),
                "write what the lane receives then; if it receives nothing, write: silence",
            );
        }
        Some(Branch { name, worth, steps })
    }

    /// Reads a case whose lane and arrow are known. Whole steps are allowed among the things that the lane receives.
    fn steps_of_lane(&mut self, lane: LaneId, nodes: &[Node]) -> Vec<Step> {
        let mut steps = Vec::new();
        for node in nodes {
            if self.is_spent(node) {
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
            "the lane receives nothing after it; remove this step, or move it before the end",
        );
        true
    }
}
