//! Reads the time limits of steps.

use std::time::Duration;

use super::{Reader, mistake};
use crate::grammar::duration_of;
use crate::scenario::{Action, Bound};
use crate::source::{Check, Entry, Node, Shape};

const PAUSE: &str = "pause \"300ms\" because=\"the server answers nothing to PAINT\"";

/// Maximum time limit of one step.
const MAX_WITHIN: Duration = Duration::from_secs(3600);

/// The time limits of an expectation.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) within: Option<Bound>,
    pub(super) not_before: Option<Bound>,
}

impl Reader<'_> {
    /// Reads the block after an expected packet. `lists` holds the names of the packet's list fields.
    pub(super) fn bounds_in(&mut self, block: &[&Node], lists: &[&str]) -> Option<Bounds> {
        let mut bounds = Bounds::default();
        for node in block {
            match node.name.text.as_str() {
                "within" => bounds.within = Some(self.within(node)?),
                "not-before" => bounds.not_before = Some(self.within(node)?),
                "split" => return self.refuse(*node, mistake::split_of_a_receive()),
                other => {
                    let unknown = mistake::not_of_a_receive(other);
                    return self.refuse(*node, unknown.or_near(other, lists.iter().copied()));
                }
            }
        }
        Some(bounds)
    }

    /// Reads `pause "300ms" because="..."`. After the pause, earlier sends count as handled.
    pub(super) fn pause(&mut self, node: &Node) -> Option<Action> {
        let shape = Shape::like(PAUSE).with(&["because"]);
        let [entry] = self.arguments(node, shape)?;
        let because = node.property("because");
        let because = self.need(because, node, || mistake::pause_without_reason(PAUSE))?;
        let reason = because.text().filter(|text| !text.trim().is_empty());
        let reason = self.need(reason, because, || mistake::pause_without_reason(PAUSE))?;
        let length = self.duration(entry, "pause")?;
        self.must(self.together.is_none(), node, mistake::pause_in_together)?;
        self.scope.unobserved.clear();
        Some(Action::Pause {
            length,
            because: reason.to_owned(),
        })
    }

    /// Reads the duration of `within "5s"` or `not-before $time-out-from`.
    pub(super) fn within(&mut self, node: &Node) -> Option<Bound> {
        let word = node.name.text.as_str();
        let [entry] = node.entries.as_slice() else {
            return self.refuse(node, mistake::no_duration(word));
        };
        self.duration(entry, word)
    }

    /// Reads a duration, or the name of a setting. `word` is the word before it, which messages mention.
    fn duration(&mut self, entry: &Entry, word: &str) -> Option<Bound> {
        if let Some(name) = entry.word().and_then(|word| word.strip_prefix('$')) {
            let known = self.context.grammar.setting_names();
            let exists = known.clone().any(|known| known == name);
            self.must(exists, entry, || {
                mistake::no_such_setting(name).one_of(name, known)
            })?;
            return Some(Bound::Setting(name.to_owned()));
        }
        let duration = entry.text().filter(|_| entry.key.is_none());
        let duration = self.need(duration.and_then(duration_of), entry, || {
            mistake::not_a_duration(entry, word)
        })?;
        let possible = !duration.is_zero() && duration <= MAX_WITHIN;
        self.must(possible, entry, || mistake::impossible_limit(entry))?;
        Some(Bound::Fixed(duration))
    }
}
