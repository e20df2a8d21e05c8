//! What a lane sends.

use super::Reader;
use super::budget::MAX_LITERAL_BYTES;
use super::fragment::is_name;
use super::scope::Remembered;
use super::step::Phrase;
use crate::grammar::Side;
use crate::scenario::{Action, Cut, LaneId, Outgoing, Verb};
use crate::source::{Entry, Node};

impl Reader<'_> {
    /// Reads what follows `>`.
    pub(super) fn does(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        match phrase.verb {
            Verb::Shutdown
            | Verb::Close
            | Verb::Abort
            | Verb::Truncate
            | Verb::StopsReading
            | Verb::ReadsAgain => return self.ends_or_stops(lane, phrase),
            Verb::Signs => return self.signs(lane, phrase),
            _ => {}
        }
        let (what, cut) = if phrase.verb == Verb::Glued {
            self.glued(phrase)?
        } else {
            let what = self.outgoing(phrase);
            let cut = self.modifiers(phrase.block)?;
            (vec![what?], cut)
        };
        self.note_send(lane, phrase);
        Some(Action::Send { lane, what, cut })
    }

    fn glued(&mut self, phrase: &Phrase<'_>) -> Option<(Vec<Outgoing>, Cut)> {
        let help = "write the packets in braces: alice > glued { LOGIN login=@alice; ... }";
        self.no_extra(phrase.node, phrase.entries.first(), help)?;
        let (modifiers, contents): (Vec<&Node>, Vec<&Node>) = phrase
            .block
            .iter()
            .partition(|node| node.name.text == "split");
        if contents.is_empty() {
            return self.refuse(
                phrase.node,
                phrase.verb_span,
                "`glued` has no packets",
                "write packets in its braces, each on a line",
            );
        }
        let mut what = Vec::new();
        for node in &contents {
            if !self.budget.take_step() {
                self.report_size(node);
                return None;
            }
            let inner = Phrase::of_node(node);
            if inner.verb != Verb::Random && !inner.block.is_empty() {
                self.error(
                    node,
                    &node.name.span,
                    "the parts of `glued` have no block",
                    "write `split` in the braces of `glued`, on a line of its own",
                );
            }
            what.extend(self.outgoing(&inner));
        }
        let cut = match modifiers.as_slice() {
            [] => Cut::Whole,
            [split, ..] => self.split(split)?,
        };
        (what.len() == contents.len()).then_some((what, cut))
    }

    fn outgoing(&mut self, phrase: &Phrase<'_>) -> Option<Outgoing> {
        match phrase.verb {
            Verb::Raw => self.raw(phrase).map(Outgoing::Raw),
            Verb::Framed => self.framed(phrase),
            Verb::Random => self.random(phrase),
            _ => {
                let packet = self.packet_of(phrase, Side::Client)?;
                let fields = self.fields_of(phrase, packet, Reader::expr)?;
                Some(Outgoing::Packet { packet, fields })
            }
        }
    }

    /// `random 1048576 seed=7 as=blob`.
    fn random(&mut self, phrase: &Phrase<'_>) -> Option<Outgoing> {
        let example = "write: alice > random 1048576 seed=7 as=blob";
        self.only_properties(phrase, &["seed", "as"], example)?;
        let arguments: Vec<&Entry> = phrase.arguments().collect();
        let length = match arguments.as_slice() {
            [only] => only
                .number()
                .and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        let Some(length) = length.filter(|length| (1..=MAX_LITERAL_BYTES).contains(length)) else {
            let message =
                format!("`random` takes a number of bytes, from 1 to {MAX_LITERAL_BYTES}");
            return self.refuse(phrase.node, phrase.verb_span, message, example);
        };
        let seed = match phrase.property("seed") {
            None => 0,
            Some(entry) => match entry.number().and_then(|number| u64::try_from(number).ok()) {
                Some(seed) => seed,
                None => {
                    return self.refuse(
                        phrase.node,
                        &entry.span,
                        format!("{} is not a seed", entry.value),
                        example,
                    );
                }
            },
        };
        let remember = match phrase.property("as") {
            None => None,
            Some(entry) => match entry.word().filter(|word| is_name(word)) {
                Some(name) => {
                    self.bind(phrase.node, &entry.span, name, Remembered::Hash(length));
                    Some(name.to_owned())
                }
                None => {
                    return self.refuse(
                        phrase.node,
                        &entry.span,
                        format!("{} is not a name", entry.value),
                        example,
                    );
                }
            },
        };
        Some(Outgoing::Random {
            length,
            seed,
            remember,
        })
    }

    /// Reads the block after something that is sent.
    fn modifiers(&mut self, block: &[Node]) -> Option<Cut> {
        let mut cut = Cut::Whole;
        for node in block {
            match node.name.text.as_str() {
                "split" => cut = self.split(node)?,
                "within" => {
                    return self.refuse(
                        node,
                        &node.name.span,
                        "`within` limits the time of an expectation, not of a send",
                        "move it to the expectation that follows",
                    );
                }
                other => {
                    return self.refuse(
                        node,
                        &node.name.span,
                        format!("`{other}` does not belong here"),
                        "a send takes only { split every=1 } or { split at=3 }",
                    );
                }
            }
        }
        Some(cut)
    }

    fn split(&mut self, node: &Node) -> Option<Cut> {
        let example = "write: split every=1, or: split at=3, or: split at=\"3 7\"";
        let [entry] = node.entries.as_slice() else {
            return self.refuse(
                node,
                &node.name.span,
                "`split` does not say where to cut",
                example,
            );
        };
        let key = entry.key.as_ref().map(|key| key.text.as_str());
        let numbers = offsets(entry);
        match (key, numbers) {
            (Some("every"), Some(numbers)) if let [size] = numbers[..] => Some(Cut::Every(size)),
            (Some("at"), Some(numbers)) if numbers.is_sorted_by(|one, next| one < next) => {
                Some(Cut::At(numbers))
            }
            (Some("at"), Some(_)) => self.refuse(
                node,
                &entry.span,
                "these offsets are not in rising order",
                "write them in rising order, each once: split at=\"3 7\"",
            ),
            _ => self.refuse(
                node,
                &entry.span,
                format!("`{entry}` is not a way to split"),
                example,
            ),
        }
    }
}

/// Reads `3` or `"3 7"`; none of the numbers is zero.
fn offsets(entry: &Entry) -> Option<Vec<usize>> {
    let written = entry.name()?;
    let numbers: Vec<usize> = written
        .split_whitespace()
        .map(|number| number.parse().ok().filter(|number| *number > 0))
        .collect::<Option<_>>()?;
    (!numbers.is_empty()).then_some(numbers)
}
