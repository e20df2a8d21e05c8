//! The statements around the packets: `over`, `names`, `setting`, and the packets that a lane answers by itself.

use std::sync::Arc;

use super::Reader;
use crate::grammar::{Names, Senders, Setting, Transport, duration_of};
use crate::source::{Entry, Node, Shape, is_first, one_of};

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

    fn choice_word<T: Copy>(
        &mut self,
        node: &Node,
        example: &'static str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let shape = Shape {
            arguments: (1, 1),
            properties: &[],
            block: false,
            example,
        };
        if !shape.check(node, self.findings) {
            return None;
        }
        let entry = node.arguments().next()?;
        let written = entry.to_string();
        let found = known.iter().find(|(name, _)| *name == written);
        if found.is_none() {
            let help = one_of(&written, known.iter().map(|(name, _)| *name));
            let message = format!("`{}` is not {written}", node.name.text);
            self.error(node, &entry.span, message, help);
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// Reads `setting ping-within "6s"`.
    pub(super) fn setting(&mut self, node: &Node) {
        let shape = Shape {
            arguments: (2, 2),
            properties: &[],
            block: false,
            example: "setting ping-within \"6s\"",
        };
        if !shape.check(node, self.findings) {
            return;
        }
        let mut arguments = node.arguments();
        let (Some(name), Some(default)) = (arguments.next(), arguments.next()) else {
            return;
        };
        let Some(text) = name.word() else {
            let help = "write: setting ping-within \"6s\"";
            let message = format!("{name} cannot be the name of a setting");
            return self.error(node, &name.span, message, help);
        };
        let (seen, span) = (&mut self.seen_settings, &name.span);
        if !is_first(seen, text, "setting", node, span, self.findings) {
            return;
        }
        match default.text().and_then(duration_of) {
            Some(default) => self.grammar.settings.push(Setting {
                name: text.to_owned(),
                default,
            }),
            None => {
                let help = "write a number and its unit, ms, s or min, in quotes: \"6s\"";
                self.error(
                    node,
                    &default.span,
                    format!("{default} is not a duration"),
                    help,
                );
            }
        }
    }

    /// Checks the answers after all packets are read: `answered-by=PONG` names a client's packet whose fields can be
    /// taken from the packet that it answers.
    pub(super) fn answers(&mut self) {
        let root = self.root;
        for node in root.block() {
            let (Some(entry), Some(name)) = (node.property("answered-by"), node.arguments().next())
            else {
                continue;
            };
            if let Some(packet) = self.grammar.packet_named(&name.value.to_string()) {
                let answer = self.answer(node, entry, packet.0);
                if let Some(packet) = self.grammar.packets.get_mut(packet.0) {
                    packet.answered_by = answer;
                }
            }
        }
    }

    fn answer(
        &mut self,
        node: &Node,
        entry: &Entry,
        asked: usize,
    ) -> Option<crate::grammar::PacketId> {
        let answer = self.known_packet(node, entry)?;
        let asked = self.grammar.packets.get(asked)?;
        let given = self.grammar.packet(answer);
        let untold = given.fields.iter().find(|field| {
            let same = asked.fields.iter().find(|other| other.name == field.name);
            same.is_none_or(|other| other.type_name != field.type_name)
        });
        let wrong = match untold {
            Some(field) => Some(format!(
                "{} has a field {} that {} does not have",
                given.name, field.name, asked.name
            )),
            None if asked.from != Senders::Server || given.from != Senders::Client => Some(
                "answered-by is for a packet of the server, and the answer is a packet of a client"
                    .to_owned(),
            ),
            None => None,
        };
        if let Some(message) = wrong {
            let help = "the answer can only have fields of the packet that it answers";
            let file = Arc::clone(&node.file);
            self.findings
                .error(&file, entry.span.clone(), message, help);
            return None;
        }
        Some(answer)
    }
}
