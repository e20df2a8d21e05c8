//! How lanes begin and end.

use super::Reader;
use super::budget::MAX_LANES;
use super::fragment::is_name;
use super::scope::{LaneState, Remembered};
use super::step::Phrase;
use crate::grammar::{Names, Packet, Transport};
use crate::scenario::{Action, Lane, LaneId, LaneName, Step, Verb, WORDS};
use crate::source::{Entry, Node, Shape};

/// Maximum length of a lane's name, in bytes.
const MAX_NAME_BYTES: i128 = 65_535;

impl Reader<'_> {
    /// `client alice`.
    pub(super) fn client(&mut self, node: &Node, out: &mut Vec<Step>) {
        let shape = Shape {
            arguments: (1, 1),
            properties: &[
                "name",
                "name-bytes",
                "name-fill",
                "registered",
                "tls",
                "answers",
            ],
            block: false,
            example: "client alice, or: client alice name-bytes=30 name-fill=\"é\", or: client alice2 name=alice, or: client owner name=$login",
        };
        if !self.has_shape(shape, node) {
            return;
        }
        let Some(entry) = node.arguments().next() else {
            return;
        };
        let Some(name) = entry
            .word()
            .filter(|word| is_name(word) && !WORDS.contains(word))
        else {
            let help = "write its name in lowercase, without quotes: client alice";
            self.error(
                node,
                &entry.span,
                format!("{entry} cannot be the name of a lane"),
                help,
            );
            return;
        };
        let Some(login) = self.login_of(node) else {
            return;
        };
        if self.scenario.lanes.len() >= MAX_LANES {
            self.error(
                node,
                &node.name.span,
                format!("a scenario has at most {MAX_LANES} lanes"),
                "each lane is a connection to the target",
            );
            return;
        }
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
        let id = LaneId(self.scenario.lanes.len());
        self.scenario.lanes.push(lane);
        self.scope.lanes.insert(
            name.to_owned(),
            LaneState {
                id,
                ended: None,
                shut: None,
            },
        );
        out.push(self.make_step(node, node.to_string(), Action::Open(id)));
    }

    /// `registered=no`. Without it, a lane is what lanes of the protocol usually are.
    fn unless_no(&mut self, node: &Node, key: &str, usually: bool) -> bool {
        let Some(entry) = node.property(key) else {
            return usually;
        };
        if entry.word() != Some("no") {
            let message = format!("{key} cannot be {}", entry.value);
            self.error(
                node,
                &entry.span,
                message,
                format!("write {key}=no, or omit it"),
            );
        } else if !usually {
            let message = format!("`{key}` has no meaning for lanes of this protocol");
            let help =
                "it needs one of these in wire.kdl: over tls, names identities, answered-by=...";
            self.error(node, &entry.span, message, help);
        }
        false
    }

    fn login_of(&mut self, node: &Node) -> Option<LaneName> {
        if let Some(same) = node.property("name") {
            if let Some(other) = node.property("name-bytes").or(node.property("name-fill")) {
                self.error(
                    node,
                    &other.span,
                    "`name=` already gives this lane its name",
                    "keep either `name=`, or `name-bytes=` and `name-fill=`",
                );
            }
            if let Some(setting) = same.word().and_then(|word| word.strip_prefix('$')) {
                return self.login_of_setting(node, same, setting);
            }
            let Some(other) = same.word().filter(|word| is_name(word)) else {
                let help = "name the lane without quotes and without @: client alice2 name=alice";
                return self.refuse(
                    node,
                    &same.span,
                    format!("{} is not a lane", same.value),
                    help,
                );
            };
            return self
                .lane_named(node, other, &same.span)
                .map(LaneName::SameAs);
        }
        let fill = match node.property("name-fill") {
            None => "x".to_owned(),
            Some(entry) => match entry.text().filter(|text| !text.is_empty()) {
                Some(text) => text.to_owned(),
                None => {
                    return self.refuse(
                        node,
                        &entry.span,
                        format!("{} cannot fill a name", entry.value),
                        "write a text: name-fill=\"é\"",
                    );
                }
            },
        };
        let Some(entry) = node.property("name-bytes") else {
            if let Some(fill) = node.property("name-fill") {
                return self.refuse(
                    node,
                    &fill.span,
                    "the length of the name is missing",
                    "write: name-bytes=30 name-fill=\"é\"",
                );
            }
            return Some(LaneName::Fresh { exactly: None });
        };
        let bytes = entry
            .number()
            .filter(|number| (1..=MAX_NAME_BYTES).contains(number));
        let Some(bytes) = bytes.and_then(|number| usize::try_from(number).ok()) else {
            let help = format!("write a number from 1 to {MAX_NAME_BYTES}: name-bytes=30");
            return self.refuse(
                node,
                &entry.span,
                format!("{} is not the length of a name", entry.value),
                help,
            );
        };
        Some(LaneName::Fresh {
            exactly: Some((bytes, fill)),
        })
    }

    /// `name=$login`. Only a setting is known before the first step.
    fn login_of_setting(&mut self, node: &Node, entry: &Entry, name: &str) -> Option<LaneName> {
        let what = self.remembered(node, &entry.span, name)?;
        if what != Remembered::Setting {
            let message = format!("${name} is not a setting");
            let help = "the name of a lane must be known before its conversation begins: write `sets login` in the head, and name=$login";
            return self.refuse(node, &entry.span, message, help);
        }
        Some(LaneName::Setting(name.to_owned()))
    }

    /// `shutdown`, `close`, `abort`, `stops-reading`, `reads-again`.
    pub(super) fn ends_or_stops(&mut self, lane: LaneId, phrase: &Phrase<'_>) -> Option<Action> {
        let help = format!("write: {} > {}", self.lane_name(lane), phrase.word);
        self.no_extra(phrase.node, phrase.entries.first(), &help)?;
        if !phrase.block.is_empty() {
            return self.refuse(
                phrase.node,
                phrase.verb_span,
                format!("`{}` has no block", phrase.word),
                "remove the block",
            );
        }
        if phrase.verb == Verb::Truncate && self.context.grammar.transport != Transport::Tls {
            let message = "`truncate` needs TLS";
            let help = "`close` ends a connection in order, `abort` resets it";
            return self.refuse(phrase.node, phrase.verb_span, message, help);
        }
        let line = phrase.node.file.place(phrase.node.span.start).0;
        let state = self
            .scope
            .lanes
            .values_mut()
            .find(|state| state.id == lane)?;
        self.sent_last = None;
        Some(match phrase.verb {
            Verb::Shutdown => {
                state.shut = Some(line);
                Action::Shutdown(lane)
            }
            Verb::Close => {
                state.ended = Some(("close", line));
                Action::Close(lane)
            }
            Verb::Abort => {
                state.ended = Some(("abort", line));
                Action::Abort(lane)
            }
            Verb::Truncate => {
                state.ended = Some(("truncate", line));
                Action::Truncate(lane)
            }
            Verb::StopsReading => Action::StopReading(lane),
            _ => Action::ReadAgain(lane),
        })
    }
}
