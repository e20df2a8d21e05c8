//! Reads `identified-by`, `raw-after` and `fence`.

use std::net::IpAddr;

use super::Reader;
use crate::grammar::{
    Direction, Fence, FenceExpr, FenceStep, Identification, PacketId, Party, Side, Sort, Value,
};
use crate::source::{Entry, Node, Scalar, Shape, Span, one_of};

const EXAMPLE: &str = "fence { from > PING token=$token; to < PONG token=$token }";

impl Reader<'_> {
    pub(super) fn identified_by(&mut self, node: &Node) {
        let Some(identification) = self.turning_point(node, "LOGIN_ACCEPTED") else {
            return;
        };
        if self.grammar.identified_by.is_some() {
            self.error(
                node,
                &node.name.span,
                "there is a second `identified-by`",
                "keep one",
            );
        }
        self.grammar.identified_by = Some(identification);
    }

    pub(super) fn raw_after(&mut self, node: &Node) {
        let turning_point = self.turning_point(node, "ESTABLISHED");
        self.grammar.raw_after.extend(turning_point);
    }

    /// Reads the packet of `identified-by` or `raw-after`, with values of its fields and the packet that must have been
    /// sent before.
    fn turning_point(&mut self, node: &Node, example: &str) -> Option<Identification> {
        let mut arguments = node.arguments();
        let Some(name) = arguments.next() else {
            let word = &node.name.text;
            return self.refuse(
                node,
                &node.name.span,
                format!("`{word}` lacks a packet"),
                format!("write: {word} {example}"),
            );
        };
        let packet = self.known_packet(node, name)?;
        let mut fields = vec![None; self.grammar.packet(packet).fields.len()];
        for (key, entry) in node.properties() {
            let known = self.grammar.packet(packet);
            let Some(index) = known.field_named(&key.text) else {
                let help = one_of(
                    &key.text,
                    known.fields.iter().map(|field| field.name.as_str()),
                );
                self.error(
                    node,
                    &key.span,
                    format!("{} has no field {}", name.value, key.text),
                    help,
                );
                continue;
            };
            let sort = self.sort_of_field(packet, index);
            match literal(entry, sort) {
                Some(value) => {
                    if let Some(field) = fields.get_mut(index) {
                        *field = Some(value);
                    }
                }
                None => self.wrong_value(node, entry, sort),
            }
        }
        let after = self.identified_after(node);
        Some(Identification {
            packet,
            after,
            fields,
        })
    }

    /// Reads `{ after CR }`: the packet identifies only a client that has sent that one.
    fn identified_after(&mut self, node: &Node) -> Option<PacketId> {
        let mut after = None;
        for child in node.block() {
            let entry = child.arguments().next();
            match (child.name.text.as_str(), entry) {
                ("after", Some(entry)) => {
                    after = self.known_packet(child, entry);
                    if let Some(packet) = after {
                        self.check_side(child, &entry.span, packet, Direction::Sends);
                    }
                }
                _ => self.error(
                    child,
                    &child.name.span,
                    "only `after` with a packet of the lane can be here",
                    format!("write: {} ERROR code=1 {{ after CR }}", node.name.text),
                ),
            }
        }
        after
    }

    pub(super) fn fence(&mut self, node: &Node) {
        let shape = Shape {
            arguments: (0, 1),
            properties: &[],
            block: true,
            example: EXAMPLE,
        };
        if !shape.check(node, self.findings) {
            return;
        }
        let unidentified = match node.arguments().next().map(ToString::to_string).as_deref() {
            None => false,
            Some("unidentified") => true,
            Some(other) => {
                let help = "write `fence { ... }` or `fence unidentified { ... }`";
                self.error(
                    node,
                    &node.name.span,
                    format!("there is no fence `{other}`"),
                    help,
                );
                return;
            }
        };
        let mut proved_by = None;
        let mut steps: Vec<FenceStep> = Vec::new();
        for step in node.block() {
            if step.name.text == "proved-by" {
                proved_by = self.fence_prover(step);
            } else {
                steps.extend(self.fence_step(step, unidentified));
            }
        }
        let last = steps.last().map(|step| (step.who, step.direction));
        if last != Some((Party::To, Direction::Sees)) {
            let help = format!("the last step of a fence is what `to` receives: {EXAMPLE}");
            self.error(node, &node.name.span, "this fence proves nothing", help);
        }
        let fence = Some(Fence { steps, proved_by });
        let place = if unidentified {
            &mut self.grammar.fence_unidentified
        } else {
            &mut self.grammar.fence
        };
        if place.is_some() {
            self.error(
                node,
                &node.name.span,
                "there is a second fence of this kind",
                "keep one of them",
            );
            return;
        }
        *place = fence;
    }

    fn fence_prover(&mut self, node: &Node) -> Option<String> {
        let name = node.arguments().next().and_then(|entry| entry.name());
        if name.is_none() {
            self.error(
                node,
                &node.name.span,
                "`proved-by` lacks a scenario",
                "write: proved-by \"whisper\"",
            );
        }
        name
    }

    fn fence_step(&mut self, node: &Node, unidentified: bool) -> Option<FenceStep> {
        let who = match node.name.text.as_str() {
            "to" => Party::To,
            "from" if unidentified => {
                let help =
                    "an unidentified lane has its fence alone with the server: to > ...; to < ...";
                return self.refuse(
                    node,
                    &node.name.span,
                    "`from` cannot be in this fence",
                    help,
                );
            }
            "from" => Party::From,
            other => {
                return self.refuse(
                    node,
                    &node.name.span,
                    format!("`{other}` is not a lane of a fence"),
                    format!("write: {EXAMPLE}"),
                );
            }
        };
        let (direction, packet) = self.arrow_and_packet(node, EXAMPLE)?;
        let fields = self.fence_fields(node, packet, direction)?;
        Some(FenceStep {
            who,
            direction,
            packet,
            fields,
        })
    }

    /// Reads `> PACKET` or `< PACKET`, in an exchange whose kind the example shows.
    pub(super) fn arrow_and_packet(
        &mut self,
        node: &Node,
        example: &str,
    ) -> Option<(Direction, PacketId)> {
        let mut arguments = node.arguments();
        let (Some(arrow), Some(name)) = (arguments.next(), arguments.next()) else {
            return self.refuse(
                node,
                &node.name.span,
                "this step lacks an arrow and a packet",
                format!("write: {example}"),
            );
        };
        let direction = match arrow.word() {
            Some(">") => Direction::Sends,
            Some("<") => Direction::Sees,
            _ => {
                return self.refuse(
                    node,
                    &arrow.span,
                    format!("`{arrow}` is not an arrow"),
                    "`>` is what the lane sends, `<` is what it receives",
                );
            }
        };
        let packet = self.known_packet(node, name)?;
        self.check_side(node, &name.span, packet, direction);
        Some((direction, packet))
    }

    fn check_side(&mut self, node: &Node, span: &Span, packet: PacketId, direction: Direction) {
        let side = match direction {
            Direction::Sends => Side::Client,
            Direction::Sees => Side::Server,
        };
        let known = self.grammar.packet(packet);
        if !known.from.include(side) {
            let message = format!("a {side} never sends {}", known.name);
            self.error(
                node,
                span,
                message,
                "check the arrow, and `from=` of the packet",
            );
        }
    }

    fn fence_fields(
        &mut self,
        node: &Node,
        packet: PacketId,
        direction: Direction,
    ) -> Option<Vec<FenceExpr>> {
        let known = self.named_fields(node, packet);
        let mut fields = Vec::new();
        for (index, field) in known.iter().enumerate() {
            let Some(entry) = node.property(field) else {
                let message = format!("this step lacks {field}");
                return self.refuse(node, &node.name.span, message, "name every field");
            };
            let sort = self.sort_of_field(packet, index);
            let Some(expr) = fence_expr(entry, sort, direction) else {
                self.wrong_value(node, entry, sort);
                return None;
            };
            fields.push(expr);
        }
        Some(fields)
    }

    /// Returns the names of the packet's fields. Reports other names in the node.
    pub(super) fn named_fields(&mut self, node: &Node, packet: PacketId) -> Vec<String> {
        let known = self.grammar.packet(packet).clone();
        for (key, _) in node.properties() {
            if known.field_named(&key.text).is_none() {
                let help = one_of(
                    &key.text,
                    known.fields.iter().map(|field| field.name.as_str()),
                );
                self.error(
                    node,
                    &key.span,
                    format!("{} has no field {}", known.name, key.text),
                    help,
                );
            }
        }
        known.fields.into_iter().map(|field| field.name).collect()
    }

    pub(super) fn known_packet(&mut self, node: &Node, entry: &Entry) -> Option<PacketId> {
        let written = entry.value.to_string();
        let id = self.grammar.packet_named(&written);
        if id.is_none() {
            let help = one_of(&written, self.seen_packets.iter().map(String::as_str));
            self.error(
                node,
                &entry.span,
                format!("there is no packet {written}"),
                help,
            );
        }
        id
    }

    pub(super) fn sort_of_field(&self, packet: PacketId, index: usize) -> Sort {
        let field = self.grammar.packet(packet).fields.get(index);
        field
            .and_then(|field| self.sort_of(&field.type_name))
            .unwrap_or(Sort::Text)
    }

    fn wrong_value(&mut self, node: &Node, entry: &Entry, sort: Sort) {
        let help =
            "write @from, @to, $token, `_` (where it is received), text in quotes, or a number";
        self.error(
            node,
            &entry.span,
            format!("{} is not {sort}", entry.value),
            help,
        );
    }
}

fn fence_expr(entry: &Entry, sort: Sort, direction: Direction) -> Option<FenceExpr> {
    let is_signed = entry
        .mark
        .as_ref()
        .is_some_and(|mark| mark.text == "signed");
    if is_signed && sort == Sort::Bytes && direction == Direction::Sends {
        return match &entry.value {
            Scalar::Word(word) if word == "@to" => Some(FenceExpr::SignatureOf(Party::To)),
            Scalar::Word(word) if word == "@from" => Some(FenceExpr::SignatureOf(Party::From)),
            _ => None,
        };
    }
    match entry.word() {
        Some("@from") if sort == Sort::Text => Some(FenceExpr::NameOf(Party::From)),
        Some("@to") if sort == Sort::Text => Some(FenceExpr::NameOf(Party::To)),
        Some("$token") if sort != Sort::Bytes => Some(FenceExpr::Token),
        Some("_") if direction == Direction::Sees => Some(FenceExpr::Any),
        _ => literal(entry, sort).map(FenceExpr::Literal),
    }
}

pub(super) fn literal(entry: &Entry, sort: Sort) -> Option<Value> {
    match (&entry.value, &entry.mark, sort) {
        (Scalar::Text(text), None, Sort::Text) => Some(Value::Text(text.clone())),
        (Scalar::Number(number), None, Sort::Int) => Some(Value::Int(*number)),
        (Scalar::Text(text), Some(mark), Sort::Bytes) if mark.text == "ip" => {
            let address = text.parse().ok()?;
            Some(Value::Bytes(match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            }))
        }
        _ => None,
    }
}
