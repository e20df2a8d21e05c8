//! Reads `together`. Also finds lanes that race by mistake: two lanes send, and no step decides whose bytes the target reads
//! first.

use super::scope::TogetherScope;
use super::step::Phrase;
use super::{Reader, mistake};
use crate::scenario::{Action, LaneId, Step, walk};
use crate::source::{Check, Node};

impl Reader<'_> {
    /// Reads `together { steps of several lanes }`.
    pub(super) fn together(&mut self, node: &Node) -> Option<Action> {
        let example = "write: together { alice > ...; bob > ... }";
        self.no_extra(node.entries.first(), example)?;
        self.must(self.together.is_none(), node, mistake::nested_together)?;
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
        let lanes = self.by_lane(node, steps)?;
        if lanes.len() < 2 && self.mistakes > mistakes_before {
            return None;
        }
        self.must(lanes.len() >= 2, node, || mistake::lonely_together(example))?;
        Some(Action::Together(lanes))
    }

    fn by_lane(&mut self, node: &Node, steps: Vec<Step>) -> Option<Vec<Vec<Step>>> {
        let mut lanes: Vec<(LaneId, Vec<Step>)> = Vec::new();
        for step in steps {
            let of_step = walk::lanes(std::slice::from_ref(&step));
            let mut named = of_step.iter().copied();
            let (Some(lane), None) = (named.next(), named.next()) else {
                let inside = node.span.start <= step.span.start && step.span.end <= node.span.end;
                let foreign = mistake::not_about_one_lane(step.text);
                if inside && step.file == node.file.name {
                    return self.refuse(&(&node.file, step.span), foreign);
                }
                return self.refuse(node, foreign);
            };
            match lanes.iter_mut().find(|(known, _)| *known == lane) {
                Some((_, steps)) => steps.push(step),
                None => lanes.push((lane, vec![step])),
            }
        }
        Some(lanes.into_iter().map(|(_, steps)| steps).collect())
    }

    /// Notes that a lane sends. If another lane has sent before, and no step between these two sends expects anything,
    /// reports that the two lanes race.
    pub(super) fn note_send(&mut self, lane: LaneId, phrase: &Phrase<'_>) {
        let rival = match &self.together {
            Some(together) if together.observed.contains(&lane) => None,
            Some(together) => together.sent_before.iter().find(|other| **other != lane),
            None => self.scope.unobserved.iter().find(|other| **other != lane),
        };
        if let Some(rival) = rival.copied() {
            let (name, rival) = (self.lane_name(lane), self.lane_name(rival));
            self.report(&phrase.whole(), mistake::race(name, rival));
        }
        self.scope.unobserved.insert(lane);
        self.sent_last = Some(phrase.whole());
    }

    /// Notes that a lane receives something. After that, earlier sends count as handled, and later sends do not race with
    /// them.
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
