//! Time limits of steps.

use std::time::Duration;

use super::Reader;
use crate::grammar::duration_of;
use crate::scenario::Bound;
use crate::source::{Node, one_of};

/// Maximum time limit of one step.
const MAX_WITHIN: Duration = Duration::from_secs(3600);

/// The time limits of an expectation.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) within: Option<Bound>,
    pub(super) not_before: Option<Bound>,
}

impl Reader<'_> {
    /// Reads the block after an expectation.
    pub(super) fn bounds_in(&mut self, block: &[Node]) -> Option<Bounds> {
        let mut bounds = Bounds::default();
        for node in block {
            match node.name.text.as_str() {
                "within" => bounds.within = Some(self.within(node)?),
                "not-before" => bounds.not_before = Some(self.within(node)?),
                "split" => {
                    return self.refuse(
                        node,
                        &node.name.span,
                        "`split` cuts what is sent",
                        "move it to a send: alice > LOGIN login=@alice { split every=1 }",
                    );
                }
                other => {
                    return self.refuse(
                        node,
                        &node.name.span,
                        format!("`{other}` does not belong here"),
                        "an expectation takes only { within \"5s\" } or { not-before \"1s\" }",
                    );
                }
            }
        }
        Some(bounds)
    }

    /// `within "5s"`, `not-before $time-out-from`.
    pub(super) fn within(&mut self, node: &Node) -> Option<Bound> {
        let word = node.name.text.as_str();
        let example =
            format!("write a number and its unit, ms, s or min, in quotes: {word} \"500ms\"");
        let [entry] = node.entries.as_slice() else {
            let message = format!("`{word}` lacks its duration");
            return self.refuse(node, &node.name.span, message, example);
        };
        if let Some(name) = entry.word().and_then(|word| word.strip_prefix('$')) {
            let settings = &self.context.grammar.settings;
            if settings.iter().any(|setting| setting.name == name) {
                return Some(Bound::Setting(name.to_owned()));
            }
            let help = one_of(name, settings.iter().map(|setting| setting.name.as_str()));
            let message = format!("wire.kdl has no setting {name}");
            return self.refuse(node, &entry.span, message, help);
        }
        let duration = entry
            .text()
            .and_then(duration_of)
            .filter(|_| entry.key.is_none());
        let Some(duration) = duration else {
            return self.refuse(
                node,
                &entry.span,
                format!("{entry} is not a duration"),
                example,
            );
        };
        if duration.is_zero() || duration > MAX_WITHIN {
            return self.refuse(
                node,
                &entry.span,
                format!("{entry} is not a possible limit"),
                "write a duration above zero, at most one hour",
            );
        }
        Some(Bound::Fixed(duration))
    }
}
