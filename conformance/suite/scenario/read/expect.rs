//! Reads what a lane must receive.

use super::scope::Remembered;
use super::step::Phrase;
use super::within::Bounds;
use super::{Reader, mistake};
use crate::grammar::Side;
use crate::scenario::{Action, FramePattern, Incoming, LaneId, Verb};
use crate::source::{Check, Entry, Node};

const BYTES: &str = "write: bob < bytes (hex)\"00 ff\", or: bob < bytes 1048576 sha256=$blob";

impl Reader<'_> {
    /// Reads what follows `<`.
    pub(super) fn sees(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let action = match phrase.verb {
            Verb::Either => return self.either_of_lane(lane, phrase),
            Verb::AnyOrder => self.any_order(lane, phrase),
            _ => {
                let what = self.incoming(lane, phrase);
                let Bounds { within, not_before } = {
                    let (_, bounds) = self.lists_in(phrase);
                    self.bounds_in(&bounds, &self.names_of_lists(phrase))?
                };
                Some(Action::Expect {
                    lane,
                    what: what?,
                    within,
                    not_before,
                })
            }
        };
        self.note_observation(lane);
        action
    }

    fn incoming(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Incoming> {
        match phrase.verb {
            Verb::Bytes => self.bytes(phrase),
            Verb::Silence => self.silence(phrase),
            Verb::Eof | Verb::Reset | Verb::Closed => {
                let (first, word) = (phrase.entries.first(), phrase.word);
                let key = first.and_then(|extra| extra.key.as_ref());
                let help = match key.map(|key| key.text.as_str()) {
                    Some("within") => {
                        format!("write a time limit in braces: {word} {{ within \"5s\" }}")
                    }
                    _ => format!("write: {} < {word}", self.lane_name(lane)),
                };
                self.no_extra(first, &help)?;
                Some(self.ends(lane, phrase))
            }
            _ => {
                let packet = self.packet_of(phrase, Side::Server)?;
                let fields = self.fields_of(phrase, packet, Reader::pattern)?;
                Some(Incoming::Frame(FramePattern { packet, fields }))
            }
        }
    }

    /// Notes that the lane has ended. After `eof` the lane has not ended, because it may still send.
    fn ends(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Incoming {
        let (what, how) = match phrase.verb {
            Verb::Eof => return Incoming::Eof,
            Verb::Reset => (Incoming::Reset, "reset"),
            _ => (Incoming::Closed, "closed"),
        };
        let line = phrase.line();
        if let Some(state) = self.scope.lanes.values_mut().find(|state| state.id == lane) {
            state.ended = Some((how, line));
        }
        what
    }

    fn bytes(&mut self, phrase: &Phrase<'_>) -> Option<Incoming> {
        self.only_properties(phrase, &["sha256"], BYTES)?;
        let arguments: Vec<&Entry> = phrase.arguments().collect();
        let number = phrase.only_argument().and_then(Entry::number);
        match phrase.property("sha256") {
            Some(hash) => self.hashed(phrase, number, hash),
            None => self.literal_bytes(phrase, number, &arguments),
        }
    }

    fn literal_bytes(
        &mut self,
        phrase: &Phrase<'_>,
        number: Option<i128>,
        arguments: &[&Entry],
    ) -> Option<Incoming> {
        let first = self.need(arguments.first(), phrase, || mistake::no_bytes(BYTES))?;
        if let Some(number) = number {
            return self.refuse(*first, mistake::unknown_bytes(number));
        }
        let parts = arguments.iter().filter_map(|entry| self.bytes_of(entry));
        let parts: Vec<Vec<u8>> = parts.collect();
        (parts.len() == arguments.len()).then_some(())?;
        let bytes = parts.concat();
        self.must(!bytes.is_empty(), phrase, mistake::zero_bytes)?;
        Some(Incoming::Bytes(bytes))
    }

    fn hashed(
        &mut self,
        phrase: &Phrase<'_>,
        number: Option<i128>,
        hash: &Entry,
    ) -> Option<Incoming> {
        let name = hash.word().and_then(|word| word.strip_prefix('$'));
        let name = self.need(name, hash, || mistake::not_a_hash_name(&hash.value))?;
        let length = number.and_then(|number| usize::try_from(number).ok());
        let length = self.need(length, phrase, || mistake::no_number_of_bytes(BYTES))?;
        match self.remembered(name, hash)? {
            Remembered::Hash(sent) => self.must(sent == length, hash, || {
                mistake::hash_of_other_bytes(name, sent, length)
            })?,
            _ => return self.refuse(hash, mistake::not_a_hash(name)),
        }
        let remembered = name.to_owned();
        Some(Incoming::Hashed { length, remembered })
    }

    fn silence(&mut self, phrase: &Phrase<'_>) -> Option<Incoming> {
        let example = "write: bob < silence, or: bob < silence after=alice";
        let is_after = |entry: &&Entry| entry.key.as_ref().is_some_and(|key| key.text == "after");
        self.no_extra(
            phrase.entries.iter().find(|entry| !is_after(entry)),
            example,
        )?;
        let Some(entry) = phrase.property("after") else {
            return Some(Incoming::Silence { after: None });
        };
        let name = self.need(entry.word(), entry, || {
            mistake::silence_after_no_lane(&entry.value)
        })?;
        let after = Some(self.lane_named(name.trim_start_matches('@'), entry)?);
        let provable = self.together.is_none() || after == self.lane;
        self.must(provable, entry, mistake::unprovable_silence)?;
        Some(Incoming::Silence { after })
    }

    fn any_order(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let help = "write the packets in braces: alice < any-order { MESSAGE ...; MESSAGE ... }";
        self.no_extra(phrase.entries.first(), help)?;
        let is_within = |node: &&Node| node.name.text == "within";
        let (bounds, packets): (Vec<_>, Vec<_>) = phrase.block.iter().partition(is_within);
        self.must(packets.len() >= 2, phrase, mistake::too_few_in_any_order)?;
        let mut frames = Vec::new();
        for node in &packets {
            self.take_step(node)?;
            frames.extend(self.frame_in_any_order(node));
        }
        let within = bounds.first().map(|node| self.within(node));
        let within = within.map_or(Some(None), |bound| bound.map(Some))?;
        (frames.len() == packets.len()).then_some(Action::AnyOrder {
            lane,
            frames,
            within,
        })
    }

    fn frame_in_any_order(&mut self, node: &Node) -> Option<FramePattern> {
        let phrase = Phrase::of_node(node);
        let packet = self.packet_of(&phrase, Side::Server)?;
        let (_, others) = self.lists_in(&phrase);
        self.must(others.is_empty(), node, mistake::block_in_any_order)?;
        let fields = self.fields_of(&phrase, packet, Reader::pattern)?;
        Some(FramePattern { packet, fields })
    }
}
