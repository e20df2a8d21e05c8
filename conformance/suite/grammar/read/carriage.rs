//! Reads `over`, `names`, `setting` and `answered-by`.

use super::{Reader, mistake};
use crate::grammar::{Field, Names, PacketId, Setting, Side, Transport, duration_of};
use crate::source::{Check, Entry, Node, Shape};

impl Reader<'_> {
    /// Reads `over tls`.
    pub(super) fn over(&mut self, node: &Node) {
        let known = [("tcp", Transport::Tcp), ("tls", Transport::Tls)];
        if let Some(transport) = self.choice_word(node, "over tls", &known) {
            self.grammar.transport = transport;
        }
    }

    /// Reads `names identities`.
    pub(super) fn names(&mut self, node: &Node) {
        let known = [("chosen", Names::Chosen), ("identities", Names::Identities)];
        if let Some(names) = self.choice_word(node, "names identities", &known) {
            self.grammar.names = names;
        }
    }

    pub(super) fn choice_word<T: Copy>(
        &mut self,
        node: &Node,
        example: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let [entry] = self.arguments(node, Shape::like(example))?;
        let written = entry.to_string();
        let found = known.iter().find(|(name, _)| *name == written);
        let (_, meaning) = self.need(found, entry, || {
            let names = known.iter().map(|(name, _)| *name);
            mistake::not_a_choice_of(&node.name.text, &written).one_of(&written, names)
        })?;
        Some(*meaning)
    }

    /// Reads `setting ping-within "6s"`.
    pub(super) fn setting(&mut self, node: &Node) -> Option<Setting> {
        let shape = Shape::like("setting ping-within \"6s\"");
        let [name, default] = self.arguments(node, shape)?;
        let text = self.need(name.word(), name, || mistake::not_a_setting_name(name))?;
        let seen = &mut self.seen_settings;
        let is_first = self.findings.is_first(seen, text, "setting", name);
        is_first.then_some(())?;
        let duration = default.text().and_then(duration_of);
        let duration = self.need(duration, default, || mistake::not_a_duration(default))?;
        Some(Setting {
            name: text.to_owned(),
            default: duration,
        })
    }

    /// Reads each `answered-by=PONG`, after all packets are read. `answered-by` must name a packet that clients send. All
    /// fields of that packet must also be fields of the packet that it answers.
    pub(super) fn answers(&mut self) {
        let root = self.root;
        for node in root.block() {
            let (Some(entry), Some(name)) = (node.property("answered-by"), node.arguments().next())
            else {
                continue;
            };
            if let Some(packet) = self.grammar.packet_named(&name.value.to_string()) {
                let answer = self.answer(entry, packet);
                if let Some(packet) = self.grammar.packets.get_mut(packet.0) {
                    packet.answered_by = answer;
                }
            }
        }
    }

    fn answer(&mut self, entry: &Entry, asked: PacketId) -> Option<PacketId> {
        let answer = self.known_packet(entry)?;
        let (asked, given) = (self.grammar.packet(asked), self.grammar.packet(answer));
        let is_given = |field: &&Field| {
            let mut others = asked.fields.iter();
            others.any(|other| other.name == field.name && other.type_name == field.type_name)
        };
        if let Some(field) = given.fields.iter().find(|field| !is_given(field)) {
            let unknown = mistake::unanswerable(&given.name, &field.name, &asked.name);
            return self.refuse(entry, unknown);
        }
        let is_asked = !asked.is_sent_by(Side::Client);
        let is_answered = !given.is_sent_by(Side::Server);
        self.must(is_asked && is_answered, entry, mistake::wrong_answer)?;
        Some(answer)
    }
}
