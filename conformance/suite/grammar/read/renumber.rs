//! Reads `renumber` and `settle`, and checks that with every choice each opcode belongs to only one packet.

use std::sync::Arc;

use super::{Reader, mistake};
use crate::grammar::{IntType, Packet, Renumbering, Side};
use crate::source::{Check, Entry, Node, Shape, SourceFile, Span};

const RENUMBER: &str = "renumber MESSAGE 4, or: renumber MESSAGE 4 from=client";

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

    /// Reads `renumber` in a choice: the number that the packet has in this choice.
    pub(super) fn renumber_in_choice(&mut self, node: &Node) -> Option<Renumbering> {
        let shape = Shape::like(RENUMBER).with(&["from"]);
        let [name, number] = self.arguments(node, shape)?;
        Some(Renumbering {
            packet: name.name()?,
            from: self.direction(node)?,
            opcode: self.new_opcode(number)?,
        })
    }

    /// Reads the `from` of a `renumber`: the side whose number changes, or `Some(None)` if the number changes in both
    /// directions. Returns `None` after a mistake.
    fn direction(&mut self, node: &Node) -> Option<Option<Side>> {
        let Some(from) = node.property("from") else {
            return Some(None);
        };
        Some(match self.sides(from)? {
            [only] => Some(*only),
            _ => None,
        })
    }

    fn new_opcode(&mut self, entry: &Entry) -> Option<i128> {
        self.need(entry.number(), entry, || {
            mistake::not_an_opcode(entry, RENUMBER)
        })
    }

    /// Renumbers packets after all packets are read. Then checks the numbers of all packets for every choice.
    pub(super) fn check_opcodes(&mut self) {
        let root = self.root;
        let width = self.grammar.head.opcode();
        let mut places = self.packet_places.clone();
        for node in root.block() {
            if node.name.text == "renumber"
                && let Some(change) = self.renumbered(node, width)
            {
                renumber(&mut self.grammar.packets, &mut places, &change, node);
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
            IntType::named(&written, self.order).filter(|_| node.name.text == "opcode")
        });
        let width = width.unwrap_or(self.grammar.head.opcode());
        let renumbers = |node: &&Node| node.name.text == "renumber";
        for node in choice.block().iter().filter(renumbers) {
            if let Some(change) = self.renumbered(node, width) {
                let name = packets.get(change.index).map(|packet| packet.name.clone());
                let mut name = name.unwrap_or_default();
                if let Some(side) = change.from {
                    name.push_str(&format!(" from={side}"));
                }
                self.is_first(&mut seen, &name, "renumber", node);
                renumber(&mut packets, &mut places, &change, node);
            }
        }
        if !seen.is_empty() {
            self.check_distinct(&packets, &places);
        }
    }

    /// Reads a `renumber`, after the packets are read.
    fn renumbered(&mut self, node: &Node, width: IntType) -> Option<Change> {
        let mut arguments = node.arguments();
        let (name, number) = (arguments.next()?, arguments.next()?);
        let packet = self.known_packet(name)?;
        let new = self.new_opcode(number)?;
        self.check_fits(number, new, width);
        let from = self.direction(node)?;
        if let (Some(side), Some(entry)) = (from, node.property("from")) {
            let known = self.grammar.packet(packet);
            let is_sent = known.is_sent_by(side);
            let never = mistake::never_sent(side, &known.name);
            self.must(is_sent, entry, || never)?;
        }
        Some(Change {
            index: packet.0,
            from,
            number: new,
        })
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
            let earlier = placed().take(index).find_map(|(earlier, (other, place))| {
                Some((earlier, other, place, shared_opcode(other, packet)?))
            });
            let Some((earlier, other, others_place, opcode)) = earlier else {
                continue;
            };
            // If one of the two packets was renumbered, report the place of its new number.
            let earlier_is_to_blame = is_moved(earlier, others_place) && !is_moved(index, place);
            let (blamed, at, other) = match earlier_is_to_blame {
                true => (other, others_place, packet),
                false => (packet, place, other),
            };
            let clash = mistake::same_opcode(&blamed.name, opcode, &other.name);
            self.findings.report(at, clash);
        }
    }
}

/// A `renumber` of the packet with this index.
struct Change {
    index: usize,
    from: Option<Side>,
    number: i128,
}

/// Returns the opcode that two packets share in one direction.
fn shared_opcode(one: &Packet, other: &Packet) -> Option<i128> {
    let sides = [Side::Client, Side::Server].into_iter();
    sides
        .filter_map(|side| Some((one.opcodes.of(side)?, other.opcodes.of(side)?)))
        .find_map(|(one, other)| (one == other).then_some(one))
}

/// Gives a packet another opcode, and notes this node as the place of the number.
fn renumber(packets: &mut [Packet], places: &mut [SourcePlace], change: &Change, node: &Node) {
    let index = change.index;
    if let (Some(packet), Some(known)) = (packets.get_mut(index), places.get_mut(index)) {
        packet.opcodes.renumber(change.from, change.number);
        *known = place(node);
    }
}

fn place(node: &Node) -> SourcePlace {
    (Arc::clone(&node.file), node.name.span.clone())
}
