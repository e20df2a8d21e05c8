//! Reads `load`: how `conformance load` speaks the protocol.

use super::Reader;
use super::fence::literal;
use crate::grammar::{Direction, Load, LoadExpr, LoadLane, LoadMessage, LoadStep, PacketId, Sort};
use crate::source::{Entry, Node, Scalar, one_of};

const PARTS: [&str; 3] = ["login", "message", "tunnel"];
const LOGIN: &str = "login { me > LOGIN login=@me; me < LOGIN_ACCEPTED }";
const MESSAGE: &str =
    "message { me > MESSAGE login=@me msg=$text; all < MESSAGE login=@me msg=$text }";

impl Reader<'_> {
    pub(super) fn load(&mut self, node: &Node) {
        let mut load = Load {
            login: Vec::new(),
            message: None,
            tunnel: Vec::new(),
        };
        for part in node.block() {
            match part.name.text.as_str() {
                "login" => load.login = self.exchange(part, &[LoadLane::Me]),
                "message" => load.message = self.load_message(part),
                "tunnel" => {
                    let lanes = [LoadLane::A, LoadLane::B, LoadLane::AEnd, LoadLane::BEnd];
                    load.tunnel = self.exchange(part, &lanes);
                }
                word => {
                    let message = format!("`{word}` is not a part of a load");
                    self.error(part, &part.name.span, message, one_of(word, PARTS));
                }
            }
        }
        if load.login.is_empty() {
            let help = format!("write: load {{ {LOGIN} }}");
            self.error(node, &node.name.span, "this load has no login", help);
        }
        if self.grammar.load.replace(load).is_some() {
            let message = "there is a second load";
            self.error(node, &node.name.span, message, "keep one of them");
        }
    }

    /// Reads what is sent, what arrives, and the optional answer.
    fn load_message(&mut self, node: &Node) -> Option<LoadMessage> {
        let steps = self.exchange(node, &[LoadLane::Me, LoadLane::All]);
        let find = |lane: LoadLane, direction: Direction| {
            let fits = |step: &&LoadStep| step.lane == lane && step.direction == direction;
            steps.iter().find(fits).cloned()
        };
        let sent = find(LoadLane::Me, Direction::Sends);
        let arrives = find(LoadLane::All, Direction::Sees);
        let answer = find(LoadLane::Me, Direction::Sees);
        let (Some(sent), Some(arrives)) = (sent, arrives) else {
            let message = "a message must be sent by `me` and received by `all`";
            return self.refuse(node, &node.name.span, message, format!("write: {MESSAGE}"));
        };
        for step in [&sent, &arrives] {
            let texts = step.fields.iter().filter(|field| **field == LoadExpr::Text);
            if texts.count() != 1 {
                let message = "$text must be once in the packet that is sent, and once in the packet that arrives";
                return self.refuse(node, &node.name.span, message, format!("write: {MESSAGE}"));
            }
        }
        Some(LoadMessage {
            sent,
            arrives,
            answer,
        })
    }

    fn exchange(&mut self, node: &Node, lanes: &[LoadLane]) -> Vec<LoadStep> {
        let mut bound = Vec::new();
        let mut steps = Vec::new();
        for step in node.block() {
            steps.extend(self.load_step(step, lanes, &mut bound));
        }
        steps
    }

    fn load_step(
        &mut self,
        node: &Node,
        lanes: &[LoadLane],
        bound: &mut Vec<String>,
    ) -> Option<LoadStep> {
        let known = || {
            let named = LoadLane::NAMED.iter();
            named.filter(|(_, lane)| lanes.contains(lane)).copied()
        };
        let word = node.name.text.as_str();
        let Some((_, lane)) = known().find(|(name, _)| *name == word) else {
            let message = format!("`{word}` cannot be in this exchange");
            let help = one_of(word, known().map(|(name, _)| name));
            return self.refuse(node, &node.name.span, message, help);
        };
        let (direction, packet) = self.arrow_and_packet(node, LOGIN)?;
        let fields = self.load_fields(node, packet, direction, bound)?;
        Some(LoadStep {
            lane,
            direction,
            packet,
            fields,
        })
    }

    fn load_fields(
        &mut self,
        node: &Node,
        packet: PacketId,
        direction: Direction,
        bound: &mut Vec<String>,
    ) -> Option<Vec<LoadExpr>> {
        let known = self.named_fields(node, packet);
        let mut fields = Vec::new();
        for (index, field) in known.iter().enumerate() {
            let Some(entry) = node.property(field) else {
                let message = format!("this step lacks {field}");
                return self.refuse(node, &node.name.span, message, "name every field");
            };
            let sort = self.sort_of_field(packet, index);
            let Some(expr) = load_expr(entry, sort, direction, bound) else {
                let help = "write @me, @a or @b, (signed)@me, $text, ?name and then $name, `_` (where it is received), \
                            text in quotes, or a number";
                let message = format!("{} is not {sort}", entry.value);
                return self.refuse(node, &entry.span, message, help);
            };
            fields.push(expr);
        }
        Some(fields)
    }
}

fn load_expr(
    entry: &Entry,
    sort: Sort,
    direction: Direction,
    bound: &mut Vec<String>,
) -> Option<LoadExpr> {
    if let Some(lane) = signed(entry) {
        let fits = sort == Sort::Bytes && direction == Direction::Sends;
        return fits.then_some(LoadExpr::SignatureOf(lane));
    }
    let Some(word) = entry.word() else {
        return literal(entry, sort).map(LoadExpr::Literal);
    };
    match (word, word.split_at_checked(1)?) {
        ("_", _) => (direction == Direction::Sees).then_some(LoadExpr::Any),
        ("$text", _) => (sort == Sort::Text).then_some(LoadExpr::Text),
        (_, ("@", name)) => {
            let lane = lane_named(name)?;
            (sort == Sort::Text).then_some(LoadExpr::NameOf(lane))
        }
        (_, ("?", name)) if direction == Direction::Sees => {
            bound.push(name.to_owned());
            Some(LoadExpr::Value(name.to_owned()))
        }
        (_, ("$", name)) if bound.iter().any(|known| known == name) => {
            Some(LoadExpr::Value(name.to_owned()))
        }
        _ => literal(entry, sort).map(LoadExpr::Literal),
    }
}

/// Reads `(signed)@me`.
fn signed(entry: &Entry) -> Option<LoadLane> {
    let mark = entry.mark.as_ref()?;
    match &entry.value {
        Scalar::Word(word) if mark.text == "signed" => lane_named(word.strip_prefix('@')?),
        _ => None,
    }
}

fn lane_named(name: &str) -> Option<LoadLane> {
    let found = LoadLane::NAMED.iter().find(|(known, _)| *known == name);
    found.map(|(_, lane)| *lane)
}
