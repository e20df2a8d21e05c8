//! Reads `renumber` and `settle`, and checks that in every reading each opcode belongs to one packet only.

use std::sync::Arc;

use super::{Reader, mistake};
use crate::grammar::{IntType, Packet, Side};
use crate::source::{Check, Entry, Node, Shape, SourceFile, Span};

const RENUMBER: &str = "renumber MESSAGE 4";

/// The place where a packet's number is written.
pub(super) type SourcePlace = (Arc<SourceFile>, Span);

impl Reader<'_> {
    /// Reads `settle echo "yes"`: only this choice of the reading counts.
    pub(super) fn settle(&mut self, node: &Node) -> Option<()> {
        let mut arguments = node.arguments();
        let (name, choice) = (arguments.next()?.name()?, arguments.next()?);
        let taken = choice.name().unwrap_or_default();
        let readings = &mut self.grammar.readings;
        let reading = readings.iter_mut().find(|reading| reading.name == name)?;
        let known = reading.choices.iter().map(|known| known.name.as_str());
        let index = known.clone().position(|known| known == taken);
        let index = self.findings.need(index, choice, || {
            mistake::no_such_choice(&name, choice).one_of(&taken, known)
        })?;
        reading.choices.swap(0, index);
        reading.settled = true;
        Some(())
    }

    /// Reads `renumber` in a choice: returns the packet's name, and the number that the packet has in this choice.
    pub(super) fn renumber_in_choice(&mut self, node: &Node) -> Option<(String, i128)> {
        let [name, number] = self.arguments(node, Shape::like(RENUMBER))?;
        Some((name.name()?, self.new_opcode(number)?))
    }

    fn new_opcode(&mut self, entry: &Entry) -> Option<i128> {
        self.need(entry.number(), entry, || {
            mistake::not_an_opcode(entry, RENUMBER)
        })
    }

    /// Renumbers packets, after all of them are read, and checks every number in every choice.
    pub(super) fn check_opcodes(&mut self) {
        let root = self.root;
        let width = self.grammar.opcode;
        let mut places = self.packet_places.clone();
        for node in root.block() {
            if node.name.text == "renumber"
                && let Some((index, number)) = self.renumbered(node, width)
            {
                renumber(&mut self.grammar.packets, &mut places, index, number, node);
            }
        }
        self.check_distinct(&self.grammar.packets.clone(), &places);
        let is_reading = |node: &&Node| node.name.text == "reading";
        let choices = root.block().iter().filter(is_reading).flat_map(Node::block);
        for choice in choices.filter(|node| node.name.text == "choice") {
            self.check_choice(choice, &places);
        }
    }

    fn check_choice(&mut self, choice: &Node, places: &[SourcePlace]) {
        let mut packets = self.grammar.packets.clone();
        let mut places = places.to_vec();
        let mut seen = std::collections::BTreeSet::new();
        let width = choice.block().iter().find_map(|node| {
            let written = node.arguments().next()?.to_string();
            IntType::named(&written).filter(|_| node.name.text == "opcode")
        });
        let width = width.unwrap_or(self.grammar.opcode);
        let renumbers = |node: &&Node| node.name.text == "renumber";
        for node in choice.block().iter().filter(renumbers) {
            if let Some((index, number)) = self.renumbered(node, width) {
                let name = packets.get(index).map(|packet| packet.name.clone());
                self.is_first(&mut seen, &name.unwrap_or_default(), "renumber", node);
                renumber(&mut packets, &mut places, index, number, node);
            }
        }
        if !seen.is_empty() {
            self.check_distinct(&packets, &places);
        }
    }

    /// Reads a `renumber`: returns the index of the packet, and its new number.
    fn renumbered(&mut self, node: &Node, width: IntType) -> Option<(usize, i128)> {
        let mut arguments = node.arguments();
        let (name, number) = (arguments.next()?, arguments.next()?);
        let packet = self.known_packet(name)?;
        let new = self.new_opcode(number)?;
        self.check_fits(number, new, width);
        Some((packet.0, new))
    }

    pub(super) fn check_fits(&mut self, at: &Entry, number: i128, width: IntType) {
        self.check(width.carries(number), at, || {
            mistake::opcode_too_wide(number, width, width.min(), width.max())
        });
    }

    fn check_distinct(&mut self, packets: &[Packet], places: &[SourcePlace]) {
        let placed = || packets.iter().zip(places).enumerate();
        let is_moved =
            |index: usize, place: &SourcePlace| self.packet_places.get(index) != Some(place);
        for (index, (packet, place)) in placed() {
            let earlier = placed().take(index).find(|(_, (other, _))| {
                let shared_side = [Side::Client, Side::Server]
                    .into_iter()
                    .any(|side| other.from.include(side) && packet.from.include(side));
                other.opcode == packet.opcode && shared_side
            });
            let Some((earlier, (other, others_place))) = earlier else {
                continue;
            };
            // If one of the two packets was renumbered, report the place of its new number.
            let earlier_is_to_blame = is_moved(earlier, others_place) && !is_moved(index, place);
            let (blamed, at, other) = match earlier_is_to_blame {
                true => (other, others_place, packet),
                false => (packet, place, other),
            };
            let (name, opcode) = (&blamed.name, blamed.opcode);
            let clash = mistake::same_opcode(name, opcode, &other.name);
            self.findings.report(at, clash);
        }
    }
}

/// Gives a packet another opcode, and notes this node as the place of the number.
fn renumber(
    packets: &mut [Packet],
    places: &mut [SourcePlace],
    index: usize,
    number: i128,
    node: &Node,
) {
    if let (Some(packet), Some(known)) = (packets.get_mut(index), places.get_mut(index)) {
        packet.opcode = number;
        *known = place(node);
    }
}

fn place(node: &Node) -> SourcePlace {
    (Arc::clone(&node.file), node.name.span.clone())
}
