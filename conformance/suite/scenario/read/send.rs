//! Reads what a lane does or sends.

use super::scope::Remembered;
use super::step::Phrase;
use super::{Reader, mistake};
use crate::grammar::Side;
use crate::scenario::{Action, Cut, LaneId, MAX_PAYLOAD, Outgoing, Verb};
use crate::source::{Check, Entry, Node, given_or};

const RANDOM: &str = "write: alice > random 1048576 seed=7 as=blob";
const SPLIT: &str = "write: split every=1, or: split at=3, or: split at=\"3 7\"";

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
            let (_, modifiers) = self.lists_in(phrase);
            let cut = self.modifiers(&modifiers, &self.names_of_lists(phrase))?;
            (vec![what?], cut)
        };
        self.note_send(lane, phrase);
        Some(Action::Send { lane, what, cut })
    }

    fn glued(&mut self, phrase: &Phrase<'_>) -> Option<(Vec<Outgoing>, Cut)> {
        let help = "write the packets in braces: alice > glued { LOGIN login=@alice; ... }";
        self.no_extra(phrase.entries.first(), help)?;
        let is_split = |node: &&Node| node.name.text == "split";
        let (splits, contents): (Vec<_>, Vec<_>) = phrase.block.iter().partition(is_split);
        self.must(!contents.is_empty(), phrase, mistake::empty_glue)?;
        let mut what = Vec::new();
        for node in &contents {
            self.take_step(node)?;
            let inner = Phrase::of_node(node);
            let (_, modifiers) = self.lists_in(&inner);
            let fine = inner.verb == Verb::Random || modifiers.is_empty();
            self.check(fine, *node, mistake::block_in_glue);
            what.extend(self.outgoing(&inner));
        }
        let cut = match splits.as_slice() {
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

    /// Reads `random 1048576 seed=7 as=blob`.
    fn random(&mut self, phrase: &Phrase<'_>) -> Option<Outgoing> {
        self.only_properties(phrase, &["seed", "as"], RANDOM)?;
        let length = self.count(phrase.only_argument(), 1..=MAX_PAYLOAD, phrase, || {
            mistake::not_a_payload(MAX_PAYLOAD, RANDOM)
        })?;
        let seed = given_or(phrase.property("seed"), 0, |entry| {
            let seed = entry.number().and_then(|number| number.try_into().ok());
            self.need(seed, entry, || mistake::not_a_seed(&entry.value, RANDOM))
        })?;
        let remember = given_or(phrase.property("as"), None, |entry| {
            let name = self.new_name(entry, RANDOM)?;
            self.bind(name, Remembered::Hash(length), entry);
            Some(Some(name.to_owned()))
        })?;
        Some(Outgoing::Random {
            length,
            seed,
            remember,
        })
    }

    /// Reads the block after a packet that the lane sends. `lists` holds the names of the packet's list fields.
    fn modifiers(&mut self, block: &[&Node], lists: &[&str]) -> Option<Cut> {
        let mut cut = Cut::Whole;
        for node in block {
            match node.name.text.as_str() {
                "split" => cut = self.split(node)?,
                "within" => return self.refuse(*node, mistake::limit_of_a_send()),
                other => {
                    let unknown = mistake::not_of_a_send(other);
                    return self.refuse(*node, unknown.or_near(other, lists.iter().copied()));
                }
            }
        }
        Some(cut)
    }

    fn split(&mut self, node: &Node) -> Option<Cut> {
        let [entry] = node.entries.as_slice() else {
            return self.refuse(node, mistake::splits_nowhere(SPLIT));
        };
        let key = entry.key.as_ref().map(|key| key.text.as_str());
        match (key, offsets(entry)) {
            (Some("every"), Some(numbers)) if let [size] = numbers[..] => Some(Cut::Every(size)),
            (Some("at"), Some(numbers)) => {
                let rising = numbers.is_sorted_by(|one, next| one < next);
                self.must(rising, entry, mistake::offsets_not_rising)?;
                Some(Cut::At(numbers))
            }
            _ => self.refuse(entry, mistake::not_a_split(entry, SPLIT)),
        }
    }
}

/// Reads one or several numbers, such as `3` or `"3 7"`. Returns `None` if one of the words is zero or not a number.
fn offsets(entry: &Entry) -> Option<Vec<usize>> {
    let written = entry.name()?;
    let numbers: Vec<usize> = written
        .split_whitespace()
        .map(|number| number.parse().ok().filter(|number| *number > 0))
        .collect::<Option<_>>()?;
    (!numbers.is_empty()).then_some(numbers)
}
