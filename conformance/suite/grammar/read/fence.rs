//! Reads `identified-by`, `raw-after` and `fence`.

use super::{Reader, mistake};
use crate::grammar::{
    Direction, Fence, FenceExpr, FenceStep, Identification, PacketId, Party, Presence, Side, Sort,
    Value, bytes_of_address,
};
use crate::source::{Check, Entry, Node, Scalar, Shape, Word};

const EXAMPLE: &str = "fence { from > PING token=$token; to < PONG token=$token }";

impl Reader<'_> {
    pub(super) fn identified_by(&mut self, node: &Node) -> Option<()> {
        let identification = self.turning_point(node, "LOGIN_ACCEPTED")?;
        let packet = self.grammar.packet(identification.packet);
        let is_sent = packet.opcodes.of(Side::Server).is_some();
        let name = packet.name.clone();
        self.check(is_sent, node, || mistake::identifies_no_lane(name));
        let is_first = self.grammar.identified_by.is_none();
        self.check(is_first, node, || {
            mistake::second("`identified-by`", "keep one")
        });
        self.grammar.identified_by = Some(identification);
        Some(())
    }

    pub(super) fn raw_after(&mut self, node: &Node) -> Option<()> {
        let turning_point = self.turning_point(node, "ESTABLISHED")?;
        self.grammar.raw_after.push(turning_point);
        for child in node.block().iter().filter(|child| is_prover(child)) {
            let name = child.arguments().next().and_then(Entry::name);
            let name = self.need(name, child, mistake::no_prover)?;
            let second = self.grammar.raw_proved_by.replace(name);
            self.must(second.is_none(), child, || {
                mistake::second("`proved-by` of `raw-after`", "keep one")
            })?;
        }
        Some(())
    }

    /// Reads `identified-by` or `raw-after`: the packet, the values of its fields, and the packet that the lane must have
    /// sent before.
    fn turning_point(&mut self, node: &Node, example: &str) -> Option<Identification> {
        let name = self.need(node.arguments().next(), node, || {
            mistake::no_packet(&node.name.text, example)
        })?;
        let packet = self.known_packet(name)?;
        let mut fields = vec![None; self.grammar.packet(packet).fields.len()];
        for (key, entry) in node.properties() {
            let Some(index) = self.known_field(packet, key) else {
                continue;
            };
            let sort = self.sort_of_field(packet, index);
            let value = self.need(literal(entry, sort), entry, || {
                mistake::not_a_value_of_a_fence(&entry.value, sort)
            });
            if let Some(field) = fields.get_mut(index) {
                *field = value;
            }
        }
        let after = self.identified_after(node);
        Some(Identification {
            packet,
            after,
            fields,
        })
    }

    /// Reads `{ after CR }`: the packet counts only if the lane has sent this other packet (here CR) before.
    fn identified_after(&mut self, node: &Node) -> Option<PacketId> {
        let mut after = None;
        let provers = node.name.text == "raw-after";
        for child in node.block() {
            if provers && is_prover(child) {
                continue;
            }
            let entry = child.arguments().next();
            let entry = entry.filter(|_| child.name.text == "after");
            let entry = self.need(entry, child, || match provers {
                true => mistake::only_after_or_prover(&node.name.text),
                false => mistake::only_after(&node.name.text),
            });
            if let Some(entry) = entry {
                after = self.packet_on_side(entry, Direction::Sends);
            }
        }
        after
    }

    pub(super) fn fence(&mut self, node: &Node) -> Option<()> {
        let shape = Shape {
            arguments: (0, 1),
            ..Shape::like(EXAMPLE).and_block()
        };
        shape.check(node, self).then_some(())?;
        let kind = node.arguments().next().map(ToString::to_string);
        let unidentified = match kind.as_deref() {
            None => false,
            Some("unidentified") => true,
            Some(other) => return self.refuse(node, mistake::no_such_fence(other)),
        };
        let mut proved_by = None;
        let mut steps: Vec<FenceStep> = Vec::new();
        let mut all_read = true;
        for step in node.block() {
            if is_prover(step) {
                let name = step.arguments().next().and_then(Entry::name);
                proved_by = self.need(name, step, mistake::no_prover);
            } else {
                let step = self.fence_step(step, unidentified);
                all_read &= step.is_some();
                steps.extend(step);
            }
        }
        let last = steps.last().map(|step| (step.who, step.direction));
        let proves = last == Some((Party::To, Direction::Sees));
        // A step with a mistake is missing in the fence, but its mistake has been reported already.
        self.check(proves || !all_read, node, || {
            mistake::proves_nothing(EXAMPLE)
        });
        let place = match unidentified {
            true => &mut self.grammar.fence_unidentified,
            false => &mut self.grammar.fence,
        };
        let is_second = place.is_some();
        place.get_or_insert(Fence { steps, proved_by });
        self.must(!is_second, node, || {
            mistake::second("fence of this kind", "keep one of them")
        })
    }

    fn fence_step(&mut self, node: &Node, unidentified: bool) -> Option<FenceStep> {
        let who = match node.name.text.as_str() {
            "to" => Party::To,
            "from" if unidentified => return self.refuse(node, mistake::alone_with_the_server()),
            "from" => Party::From,
            other => return self.refuse(node, mistake::not_a_lane_of_a_fence(other, EXAMPLE)),
        };
        let (direction, packet) = self.arrow_and_packet(node, EXAMPLE)?;
        let fields = self.exchanged(node, packet, |reader, entry, sort| {
            reader.need(fence_expr(entry, sort, direction), entry, || {
                mistake::not_a_value_of_a_fence(&entry.value, sort)
            })
        })?;
        Some(FenceStep {
            who,
            direction,
            packet,
            fields,
        })
    }

    /// Reads `> PACKET` or `< PACKET`. If there is a mistake, the message shows `example`.
    pub(super) fn arrow_and_packet(
        &mut self,
        node: &Node,
        example: &str,
    ) -> Option<(Direction, PacketId)> {
        let mut arguments = node.arguments();
        let (Some(arrow), Some(name)) = (arguments.next(), arguments.next()) else {
            return self.refuse(node, mistake::not_a_step(example));
        };
        let direction = match arrow.word() {
            Some(">") => Direction::Sends,
            Some("<") => Direction::Sees,
            _ => return self.refuse(arrow, mistake::not_an_arrow(arrow)),
        };
        Some((direction, self.packet_on_side(name, direction)?))
    }

    /// Returns the packet. If the side that sends in this direction never sends this packet, reports that.
    fn packet_on_side(&mut self, entry: &Entry, direction: Direction) -> Option<PacketId> {
        let packet = self.known_packet(entry)?;
        let side = match direction {
            Direction::Sends => Side::Client,
            Direction::Sees => Side::Server,
        };
        let known = self.grammar.packet(packet);
        if !known.is_sent_by(side) {
            self.report(entry, mistake::never_sent(side, &known.name));
        }
        Some(packet)
    }

    /// Reads the values of all fields of a packet, in the packet's order. Some fields are not in every packet of this kind.
    /// If such a field is omitted here, this packet does not have it. Reports names that are not fields of the packet.
    pub(super) fn exchanged<T: From<Value>>(
        &mut self,
        node: &Node,
        packet: PacketId,
        mut read: impl FnMut(&mut Self, &Entry, Sort) -> Option<T>,
    ) -> Option<Vec<T>> {
        for (key, _) in node.properties() {
            self.known_field(packet, key);
        }
        let known = self.grammar.packet(packet).fields.clone();
        let mut values = Vec::new();
        for (index, field) in known.iter().enumerate() {
            let entry = node.property(&field.name);
            if entry.is_none() && field.presence != Presence::Always {
                values.push(Value::Absent.into());
                continue;
            }
            let entry = self.need(entry, node, || mistake::missing_field(&field.name))?;
            values.push(read(self, entry, self.sort_of_field(packet, index))?);
        }
        Some(values)
    }

    fn known_field(&mut self, packet: PacketId, key: &Word) -> Option<usize> {
        let known = self.grammar.packet(packet);
        let index = known.field_named(&key.text);
        if index.is_none() {
            let names = known.fields.iter().map(|field| field.name.as_str());
            let unknown = mistake::no_such_field(&known.name, &key.text).one_of(&key.text, names);
            self.report(key, unknown);
        }
        index
    }

    pub(super) fn known_packet(&mut self, entry: &Entry) -> Option<PacketId> {
        let written = entry.value.to_string();
        let id = self.grammar.packet_named(&written);
        if id.is_none() && self.is_misread("packet", &written) {
            return None;
        }
        let known = self.seen_packets.iter().map(String::as_str);
        self.findings.need(id, entry, || {
            mistake::no_such_packet(&written).one_of(&written, known)
        })
    }

    pub(super) fn sort_of_field(&self, packet: PacketId, index: usize) -> Sort {
        let field = self.grammar.packet(packet).fields.get(index);
        field
            .and_then(|field| self.sort_of(&field.type_name))
            .unwrap_or(Sort::Text)
    }
}

/// Returns whether the node is `proved-by "..."`.
fn is_prover(node: &Node) -> bool {
    node.name.text == "proved-by"
}

fn fence_expr(entry: &Entry, sort: Sort, direction: Direction) -> Option<FenceExpr> {
    let party = |word: &str| match word {
        "@from" => Some(Party::From),
        "@to" => Some(Party::To),
        _ => None,
    };
    if let Some(word) = entry.word_marked("signed") {
        let fits = sort == Sort::Bytes && direction == Direction::Sends;
        return party(word).filter(|_| fits).map(FenceExpr::SignatureOf);
    }
    match entry.word() {
        Some("$token") if matches!(sort, Sort::Int | Sort::Text) => Some(FenceExpr::Token),
        Some("_") if direction == Direction::Sees => Some(FenceExpr::Any),
        Some(word) if sort == Sort::Text => party(word).map(FenceExpr::NameOf),
        _ => literal(entry, sort).map(FenceExpr::Literal),
    }
}

pub(super) fn literal(entry: &Entry, sort: Sort) -> Option<Value> {
    match (&entry.value, &entry.mark, sort) {
        (Scalar::Text(text), None, Sort::Text) => Some(Value::Text(text.clone())),
        (Scalar::Number(number), None, Sort::Int) => Some(Value::Int(*number)),
        (Scalar::Text(text), Some(mark), Sort::Bytes) if mark.text == "ip" => {
            bytes_of_address(text).map(Value::Bytes)
        }
        _ => None,
    }
}
