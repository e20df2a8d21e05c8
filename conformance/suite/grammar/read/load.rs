//! Reads `load`: the exchanges with which `conformance load` speaks the protocol.

use super::fence::literal;
use super::{Reader, mistake};
use crate::grammar::{Direction, Load, LoadExpr, LoadLane, LoadMessage, LoadStep, Sort};
use crate::source::{Check, Entry, Node};

const PARTS: [&str; 3] = ["login", "message", "tunnel"];
const LOGIN: &str = "login { me > LOGIN login=@me; me < LOGIN_ACCEPTED }";
const MESSAGE: &str =
    "message { me > MESSAGE login=@me msg=$text; all < MESSAGE login=@me msg=$text }";

impl Reader<'_> {
    pub(super) fn load(&mut self, node: &Node) -> Option<()> {
        let mut load = Load {
            login: Vec::new(),
            message: None,
            tunnel: Vec::new(),
        };
        let ends = [LoadLane::A, LoadLane::B, LoadLane::AEnd, LoadLane::BEnd];
        for part in node.block() {
            match part.name.text.as_str() {
                "login" => load.login = self.exchange(part, &[LoadLane::Me]),
                "message" => load.message = self.load_message(part),
                "tunnel" => load.tunnel = self.exchange(part, &ends),
                word => {
                    let unknown = mistake::not_a_part_of_a_load(word).one_of(word, PARTS);
                    self.report(part, unknown);
                }
            }
        }
        self.check(!load.login.is_empty(), node, || mistake::no_login(LOGIN));
        let is_first = self.grammar.load.replace(load).is_none();
        self.must(is_first, node, || {
            mistake::second("load", "keep one of them")
        })
    }

    /// Reads `message`: the packet that the sender sends, the packet that all clients receive, and the answer to the sender,
    /// if there is one.
    fn load_message(&mut self, node: &Node) -> Option<LoadMessage> {
        let steps = self.exchange(node, &[LoadLane::Me, LoadLane::All]);
        let find = |lane: LoadLane, direction: Direction| {
            let fits = |step: &&LoadStep| step.lane == lane && step.direction == direction;
            steps.iter().find(fits).cloned()
        };
        let sent = find(LoadLane::Me, Direction::Sends);
        let arrives = find(LoadLane::All, Direction::Sees);
        let both = self.need(sent.zip(arrives), node, || {
            mistake::one_sided_message(MESSAGE)
        });
        let (sent, arrives) = both?;
        let is_text = |field: &&LoadExpr| **field == LoadExpr::Text;
        let has_one_text = |step: &LoadStep| step.fields.iter().filter(is_text).count() == 1;
        let have_one_text = has_one_text(&sent) && has_one_text(&arrives);
        self.must(have_one_text, node, || mistake::not_one_text(MESSAGE))?;
        Some(LoadMessage {
            sent,
            arrives,
            answer: find(LoadLane::Me, Direction::Sees),
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
        let named = LoadLane::NAMED.iter();
        let known = named.filter(|(_, lane)| lanes.contains(lane));
        let word = node.name.text.as_str();
        let found = known.clone().find(|(name, _)| *name == word);
        let (_, lane) = self.need(found, node, || {
            mistake::not_a_lane_of_a_load(word).one_of(word, known.map(|(name, _)| *name))
        })?;
        let (direction, packet) = self.arrow_and_packet(node, LOGIN)?;
        let fields = self.exchanged(node, packet, |reader, entry, sort| {
            let value = load_expr(entry, sort, direction, bound);
            reader.need(value, entry, || {
                mistake::not_a_value_of_a_load(&entry.value, sort)
            })
        })?;
        Some(LoadStep {
            lane: *lane,
            direction,
            packet,
            fields,
        })
    }
}

fn load_expr(
    entry: &Entry,
    sort: Sort,
    direction: Direction,
    bound: &mut Vec<String>,
) -> Option<LoadExpr> {
    let signed = entry.word_marked("signed");
    if let Some(lane) = signed.and_then(|word| lane_named(word.strip_prefix('@')?)) {
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

fn lane_named(name: &str) -> Option<LoadLane> {
    let found = LoadLane::NAMED.iter().find(|(known, _)| *known == name);
    found.map(|(_, lane)| *lane)
}
