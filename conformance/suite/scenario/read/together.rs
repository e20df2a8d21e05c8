//! Lanes that run at the same time, and lanes that race by mistake.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Reader;
use super::scope::TogetherScope;
use super::step::Phrase;
use crate::scenario::{Action, LaneId, Step};
use crate::source::Node;

impl Reader<'_> {
    /// `together { steps of several lanes }`.
    pub(super) fn together(&mut self, node: &Node, out: &mut Vec<Step>) {
        let example = "write: together { alice > ...; bob > ... }";
        if self.no_extra(node, node.entries.first(), example).is_none() {
            return;
        }
        if self.together.is_some() {
            return self.error(
                node,
                &node.name.span,
                "`together` is inside another `together`",
                "one block is enough: its lanes run at the same time, and each keeps its order",
            );
        }
        self.together = Some(TogetherScope {
            sent_before: std::mem::take(&mut self.scope.unobserved),
            ..TogetherScope::default()
        });
        let mistakes_before = self.mistakes;
        let steps = self.steps(node.block());
        let inside = self.together.take().unwrap_or_default();
        if inside.observed.is_empty() {
            self.scope.unobserved.extend(inside.sent_before);
        }
        let Some(lanes) = self.by_lane(node, steps) else {
            return;
        };
        if lanes.len() < 2 {
            if self.mistakes > mistakes_before {
                return;
            }
            return self.error(
                node,
                &node.name.span,
                "`together` needs the steps of at least two lanes",
                example,
            );
        }
        out.push(self.make_step(node, node.to_string(), Action::Together(lanes)));
    }

    fn by_lane(&mut self, node: &Node, steps: Vec<Step>) -> Option<Vec<Vec<Step>>> {
        let mut lanes: Vec<(LaneId, Vec<Step>)> = Vec::new();
        for step in steps {
            let of_step = lanes_of(&step);
            let mut named = of_step.iter().copied();
            let (Some(lane), None) = (named.next(), named.next()) else {
                let message = format!("`{}` is not about one lane", step.text);
                let help = "inside `together` every step, and every block, is about one lane";
                let inside = node.span.start <= step.span.start && step.span.end <= node.span.end;
                let span = if inside && step.file == node.file.name {
                    step.span
                } else {
                    node.name.span.clone()
                };
                return self.refuse(node, &span, message, help);
            };
            match lanes.iter_mut().find(|(known, _)| *known == lane) {
                Some((_, steps)) => steps.push(step),
                None => lanes.push((lane, vec![step])),
            }
        }
        Some(lanes.into_iter().map(|(_, steps)| steps).collect())
    }

    /// Notes that a lane sends. If another lane sent before it and no lane expected anything in between, the two race.
    pub(super) fn note_send(&mut self, lane: LaneId, phrase: &Phrase<'_>) {
        let rival = match &self.together {
            Some(together) if together.observed.contains(&lane) => None,
            Some(together) => together.sent_before.iter().find(|other| **other != lane),
            None => self.scope.unobserved.iter().find(|other| **other != lane),
        };
        if let Some(rival) = rival.copied() {
            let (name, rival) = (self.lane_name(lane), self.lane_name(rival));
            let message = format!(
                "{name} sends right after {rival} and no step between them expects anything: they race"
            );
            let help = "expect the effect of the first send, or declare the race: together { ... }";
            self.error(phrase.node, &phrase.node.span, message, help);
        }
        self.scope.unobserved.insert(lane);
        self.sent_last = Some((Arc::clone(&phrase.node.file), phrase.node.span.clone()));
    }

    /// Notes that a lane receives something. From then on, what was sent before counts as handled.
    pub(super) fn note_observation(&mut self, lane: LaneId) {
        self.sent_last = None;
        match &mut self.together {
            Some(together) => {
                together.observed.insert(lane);
                self.scope.unobserved.remove(&lane);
            }
            None => self.scope.unobserved.clear(),
        }
    }
}

/// Returns the lanes that a step is about.
fn lanes_of(step: &Step) -> BTreeSet<LaneId> {
    match &step.action {
        Action::Open(lane)
        | Action::Send { lane, .. }
        | Action::Shutdown(lane)
        | Action::Close(lane)
        | Action::Abort(lane)
        | Action::Truncate(lane)
        | Action::Sign { lane, .. }
        | Action::StopReading(lane)
        | Action::ReadAgain(lane)
        | Action::Expect { lane, .. }
        | Action::AnyOrder { lane, .. } => BTreeSet::from([*lane]),
        Action::Together(lanes) => lanes.iter().flatten().flat_map(lanes_of).collect(),
        Action::Either(branches) => branches
            .iter()
            .flat_map(|branch| &branch.steps)
            .flat_map(lanes_of)
            .collect(),
        Action::Eventually { steps, .. } | Action::When { steps, .. } => {
            steps.iter().flat_map(lanes_of).collect()
        }
        Action::Distinct(_) => BTreeSet::new(),
    }
}
