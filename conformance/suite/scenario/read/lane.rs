//! Reads how lanes begin and end.

use super::budget::MAX_LANES;
use super::fragment::is_name;
use super::scope::{LaneState, Remembered};
use super::step::Phrase;
use super::{Reader, mistake};
use crate::grammar::{Names, Packet, Transport};
use crate::scenario::{Action, Lane, LaneId, LaneName, Verb, is_word};
use crate::source::{Check, Entry, Node, Shape, given_or};

/// Maximum length of a lane's name, in bytes.
const MAX_NAME_BYTES: usize = 65_535;

const CLIENT: Shape<'_> = Shape::like(
    "client alice, or: client alice name-bytes=30 name-fill=\"é\", or: client alice name-chars=32 name-fill=\"é\", or: client alice2 name=alice, or: client owner name=$login",
)
.with(&[
    "name",
    "name-bytes",
    "name-chars",
    "name-fill",
    "registered",
    "tls",
    "answers",
]);

impl Reader<'_> {
    /// Reads `client alice`.
    pub(super) fn client(&mut self, node: &Node) -> Option<Action> {
        let [entry] = self.arguments(node, CLIENT)?;
        let is_new_word = |word: &&str| is_name(word) && !is_word(word);
        let name = entry.word().filter(is_new_word);
        let name = self.need(name, entry, || mistake::not_a_lane_name(entry))?;
        let login = self.login_of(node, name)?;
        let id = LaneId(self.scenario.lanes.len());
        self.must(id.0 < MAX_LANES, node, || {
            mistake::too_many_lanes(MAX_LANES)
        })?;
        let grammar = self.context.grammar;
        let identities = grammar.names == Names::Identities;
        let tls = grammar.transport == Transport::Tls;
        let answered = |packet: &Packet| packet.answered_by.is_some();
        let lane = Lane {
            name: name.to_owned(),
            login,
            registered: self.unless_no(node, "registered", identities),
            tls: self.unless_no(node, "tls", tls),
            answers: self.unless_no(node, "answers", grammar.packets.iter().any(answered)),
        };
        self.scenario.lanes.push(lane);
        let state = LaneState {
            id,
            ended: None,
            shut: None,
        };
        self.scope.lanes.insert(name.to_owned(), state);
        Some(Action::Open(id))
    }

    /// Reads a property such as `registered=no`. If the property is missing, returns `usually`, the default for lanes of
    /// this protocol.
    fn unless_no(&mut self, node: &Node, key: &str, usually: bool) -> bool {
        let Some(entry) = node.property(key) else {
            return usually;
        };
        if entry.word() != Some("no") {
            self.report(entry, mistake::only_no(key, &entry.value));
        } else if !usually {
            self.report(entry, mistake::no_meaning_here(key));
        }
        false
    }

    fn login_of(&mut self, node: &Node, lane: &str) -> Option<LaneName> {
        let keys = ["name", "name-bytes", "name-chars", "name-fill"];
        let [same, bytes, chars, fill] = keys.map(|key| node.property(key));
        if let Some(same) = same {
            if let Some(other) = bytes.or(chars).or(fill) {
                self.report(other, mistake::named_twice());
            }
            return self.login_of_another(same);
        }
        let text = given_or(fill, "x", |entry| {
            let text = entry.text().filter(|text| !text.is_empty());
            self.need(text, entry, || mistake::not_a_filler(&entry.value))
        })?;
        match (bytes, chars) {
            (Some(_), Some(chars)) => self.refuse(chars, mistake::two_name_lengths()),
            (Some(bytes), None) => {
                let exactly = Some((self.name_length(bytes, "name-bytes")?, text.to_owned()));
                Some(LaneName::Fresh { exactly })
            }
            (None, Some(chars)) => {
                let count = self.name_length(chars, "name-chars")?;
                Some(LaneName::of_characters(lane, count, text))
            }
            (None, None) => match fill {
                Some(fill) => self.refuse(fill, mistake::no_name_length()),
                None => Some(LaneName::Fresh { exactly: None }),
            },
        }
    }

    fn name_length(&mut self, entry: &Entry, key: &str) -> Option<usize> {
        self.count(Some(entry), 1..=MAX_NAME_BYTES, entry, || {
            mistake::not_a_name_length(&entry.value, MAX_NAME_BYTES, key)
        })
    }

    /// Reads `name=alice` or `name=$login`. Only the name of a setting is allowed after `$`, because other values are not
    /// known before the first step.
    fn login_of_another(&mut self, entry: &Entry) -> Option<LaneName> {
        if let Some(name) = entry.word().and_then(|word| word.strip_prefix('$')) {
            let is_setting = self.remembered(name, entry)? == Remembered::Setting;
            self.must(is_setting, entry, || mistake::not_a_setting(name))?;
            return Some(LaneName::Setting(name.to_owned()));
        }
        let other = entry.word().filter(|word| is_name(word));
        let other = self.need(other, entry, || mistake::no_lane_to_name(&entry.value))?;
        self.lane_named(other, entry).map(LaneName::SameAs)
    }

    /// Reads `shutdown`, `close`, `abort`, `truncate`, `stops-reading` or `reads-again`.
    pub(super) fn ends_or_stops(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let help = format!("write: {} > {}", self.lane_name(lane), phrase.word);
        self.no_extra(phrase.entries.first(), &help)?;
        let has_block = !phrase.block.is_empty();
        self.must(!has_block, phrase, || mistake::has_no_block(phrase.word))?;
        let tls = self.context.grammar.transport == Transport::Tls;
        let possible = phrase.verb != Verb::Truncate || tls;
        self.must(possible, phrase, mistake::truncate_without_tls)?;
        let mut states = self.scope.lanes.values_mut();
        let state = states.find(|state| state.id == lane)?;
        self.sent_last = None;
        let line = phrase.line();
        let (how, action) = match phrase.verb {
            Verb::Close => ("close", Action::Close(lane)),
            Verb::Abort => ("abort", Action::Abort(lane)),
            Verb::Truncate => ("truncate", Action::Truncate(lane)),
            Verb::Shutdown => {
                state.shut = Some(line);
                return Some(Action::Shutdown(lane));
            }
            Verb::StopsReading => return Some(Action::StopReading(lane)),
            _ => return Some(Action::ReadAgain(lane)),
        };
        state.ended = Some((how, line));
        Some(action)
    }
}
