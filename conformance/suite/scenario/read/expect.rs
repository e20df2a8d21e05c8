//! What a lane must receive.

use super::Reader;
use super::scope::Remembered;
use super::step::Phrase;
use super::within::Bounds;
use crate::grammar::Side;
use crate::scenario::{Action, FramePattern, Incoming, LaneId, Verb};
use crate::source::{Entry, Node};

impl Reader<'_> {
    /// Reads what follows `<`.
    pub(super) fn sees(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let action = match phrase.verb {
            Verb::Either => return self.either_of_lane(lane, phrase),
            Verb::AnyOrder => self.any_order(lane, phrase),
            _ => {
                let what = self.incoming(lane, phrase);
                let Bounds { within, not_before } = self.bounds_in(phrase.block)?;
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
                let first = phrase.entries.first();
                let key = first.and_then(|extra| extra.key.as_ref());
                let help = match key.map(|key| key.text.as_str()) {
                    Some("within") => format!(
                        "write the time limit in braces: {} {{ within \"5s\" }}",
                        phrase.word
                    ),
                    _ => format!("write: {} < {}", self.lane_name(lane), phrase.word),
                };
                self.no_extra(phrase.node, first, &help)?;
                self.ends(lane, phrase);
                Some(match phrase.verb {
                    Verb::Eof => Incoming::Eof,
                    Verb::Reset => Incoming::Reset,
                    _ => Incoming::Closed,
                })
            }
            _ => {
                let packet = self.packet_of(phrase, Side::Server)?;
                let fields = self.fields_of(phrase, packet, Reader::pattern)?;
                Some(Incoming::Frame(FramePattern { packet, fields }))
            }
        }
    }

    /// Notes the end of a lane. After a reset the lane can do nothing more; after an EOF it may still send.
    fn ends(&mut self, lane: LaneId, phrase: &Phrase<'_>) {
        let how = match phrase.verb {
            Verb::Reset => "reset",
            Verb::Closed => "closed",
            _ => return,
        };
        let line = phrase.node.file.place(phrase.node.span.start).0;
        if let Some(state) = self.scope.lanes.values_mut().find(|state| state.id == lane) {
            state.ended = Some((how, line));
        }
    }

    fn bytes(&mut self, phrase: &Phrase<'_>) -> Option<Incoming> {
        let example = "write: bob < bytes (hex)\"00 ff\", or: bob < bytes 1048576 sha256=$blob";
        let arguments: Vec<&Entry> = phrase.arguments().collect();
        self.only_properties(phrase, &["sha256"], example)?;
        let Some(hash) = phrase.property("sha256") else {
            if let [only] = arguments.as_slice()
                && let Some(number) = only.number()
            {
                let help = format!("name the remembered hash: bytes {number} sha256=$blob");
                return self.refuse(
                    phrase.node,
                    &only.span,
                    format!("it is not known which {number} bytes are expected"),
                    help,
                );
            }
            if arguments.is_empty() {
                return self.refuse(
                    phrase.node,
                    phrase.verb_span,
                    "`bytes` lacks its bytes",
                    example,
                );
            }
            let parts: Vec<Vec<u8>> = arguments
                .iter()
                .filter_map(|entry| self.bytes_of(phrase.node, entry))
                .collect();
            let bytes = parts.concat();
            if parts.len() == arguments.len() && bytes.is_empty() {
                return self.refuse(
                    phrase.node,
                    phrase.verb_span,
                    "there are no bytes to expect",
                    "to expect nothing, write: silence",
                );
            }
            return (parts.len() == arguments.len()).then_some(Incoming::Bytes(bytes));
        };
        let Some(name) = hash.word().and_then(|word| word.strip_prefix('$')) else {
            let help = "sha256 names bytes that were sent: alice > random 1048576 seed=7 as=blob, then bytes 1048576 sha256=$blob";
            return self.refuse(
                phrase.node,
                &hash.span,
                format!("{} is not a remembered hash", hash.value),
                help,
            );
        };
        let length = match arguments.as_slice() {
            [only] => only
                .number()
                .and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        let Some(length) = length else {
            return self.refuse(
                phrase.node,
                phrase.verb_span,
                "the number of bytes is missing",
                example,
            );
        };
        match self.remembered(phrase.node, &hash.span, name)? {
            Remembered::Hash(sent) if sent == length => Some(Incoming::Hashed {
                length,
                remembered: name.to_owned(),
            }),
            Remembered::Hash(sent) => {
                let message = format!("${name} is the hash of {sent} bytes, not of {length}");
                self.refuse(
                    phrase.node,
                    &hash.span,
                    message,
                    "expect all bytes that were sent, because the hash is over all of them",
                )
            }
            _ => self.refuse(
                phrase.node,
                &hash.span,
                format!("${name} is not a hash"),
                "this step remembers a hash: alice > random 1048576 as=blob",
            ),
        }
    }

    fn silence(&mut self, phrase: &Phrase<'_>) -> Option<Incoming> {
        let example = "write: bob < silence, or: bob < silence after=alice";
        let is_after = |entry: &&Entry| entry.key.as_ref().is_some_and(|key| key.text == "after");
        let extra = phrase.entries.iter().find(|entry| !is_after(entry));
        self.no_extra(phrase.node, extra, example)?;
        let Some(entry) = phrase.property("after") else {
            return Some(Incoming::Silence { after: None });
        };
        let Some(name) = entry.word() else {
            let help = "name the lane, without quotes: silence after=alice";
            return self.refuse(
                phrase.node,
                &entry.span,
                format!("{} is not a lane", entry.value),
                help,
            );
        };
        let after = self.lane_named(phrase.node, name.trim_start_matches('@'), &entry.span)?;
        if self.together.is_some() && Some(after) != self.lane {
            let help = "the proof uses both lanes; put it after the block";
            return self.refuse(
                phrase.node,
                &entry.span,
                "silence after another lane cannot be proved inside `together`",
                help,
            );
        }
        Some(Incoming::Silence { after: Some(after) })
    }

    fn any_order(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let help = "write the packets in braces: alice < any-order { MESSAGE ...; MESSAGE ... }";
        self.no_extra(phrase.node, phrase.entries.first(), help)?;
        let (bounds, packets): (Vec<&Node>, Vec<&Node>) = phrase
            .block
            .iter()
            .partition(|node| node.name.text == "within");
        if packets.len() < 2 {
            return self.refuse(
                phrase.node,
                phrase.verb_span,
                "`any-order` needs at least two packets",
                "write them in its braces, each on a line",
            );
        }
        let mut frames = Vec::new();
        for node in &packets {
            if !self.budget.take_step() {
                self.report_size(node);
                return None;
            }
            let inner = Phrase::of_node(node);
            let Some(packet) = self.packet_of(&inner, Side::Server) else {
                continue;
            };
            if !inner.block.is_empty() {
                self.error(
                    node,
                    &node.name.span,
                    "the packets of `any-order` have no block",
                    "put `within` into the braces of `any-order`, on a line of its own",
                );
                continue;
            }
            if let Some(fields) = self.fields_of(&inner, packet, Reader::pattern) {
                frames.push(FramePattern { packet, fields });
            }
        }
        let within = match bounds.first() {
            Some(node) => Some(self.within(node)?),
            None => None,
        };
        (frames.len() == packets.len()).then_some(Action::AnyOrder {
            lane,
            frames,
            within,
        })
    }
}
