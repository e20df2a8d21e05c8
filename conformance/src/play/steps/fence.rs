//! One exchange of a fence, between two connections.

use std::time::Instant;

use crate::evidence::{Failure, FailureKind, Look};
use crate::explain;
use crate::grammar::{
    Decoded, Direction, Extent, Fence, FenceExpr, FenceStep, Field, Frame, PacketId, Party, Side,
    Sort, TypeKind, Value, uuid_of,
};
use crate::play::case::{Case, ConnId, Meaning, Outstanding, Purpose};
use crate::play::shared::registry::signature_of;
use crate::scenario::Cut;

use super::progress::Progress;

/// The kind of the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The fence between two lanes that are logged in.
    Between,
    /// The fence of a lane that is not logged in yet. In this fence, the lane logs in.
    Login,
}

/// An exchange that is running.
#[derive(Debug)]
pub(crate) struct Exchange {
    kind: Kind,
    from: ConnId,
    to: ConnId,
    /// Whether the exchange only proves that the server has handled what this lane did. If so, frames that arrived on the
    /// lane stay there for later steps of the scenario.
    in_passing: bool,
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    next: usize,
    until: Instant,
    token: u64,
    /// One entry for each step of the fence: the index in `Case::outstanding` of the frame that the step receives; `None` if
    /// the step sends a frame.
    answers: Vec<Option<usize>>,
}

impl Exchange {
    pub(crate) fn new(kind: Kind, from: ConnId, to: ConnId) -> Exchange {
        Exchange {
            kind,
            from,
            to,
            in_passing: false,
            begun: None,
        }
    }

    /// Returns an exchange between one lane and the server. Frames that arrived before the answer stay on the lane, because
    /// later steps of the scenario may expect them.
    pub(crate) fn in_passing(conn: ConnId) -> Exchange {
        Exchange {
            in_passing: true,
            ..Exchange::new(Kind::Between, conn, conn)
        }
    }

    /// Returns whether an answer of this exchange must arrive on that connection.
    pub(crate) fn looks_at(&self, case: &Case<'_>, conn: ConnId) -> bool {
        let seen_by = |party| {
            self.fence(case).is_some_and(|fence| {
                let mut steps = fence.steps.iter();
                steps.any(|step| step.who == party && step.direction == Direction::Sees)
            })
        };
        (self.to == conn && seen_by(Party::To)) || (self.from == conn && seen_by(Party::From))
    }

    fn fence<'a>(&self, case: &Case<'a>) -> Option<&'a Fence> {
        let grammar = &case.shared.suite.grammar;
        match self.kind {
            Kind::Between => grammar.fence.as_ref(),
            Kind::Login => grammar.fence_unidentified.as_ref(),
        }
    }

    pub(crate) fn poll(&mut self, case: &mut Case<'_>) -> Progress {
        let Some(fence) = self.fence(case) else {
            return Failure::own_fault("a fence that wire.kdl does not declare").into();
        };
        if self.begun.is_none() {
            self.begun = Some(self.begin(case, fence));
        }
        loop {
            let Some(begun) = &mut self.begun else {
                return Progress::Done;
            };
            let Some(step) = fence.steps.get(begun.next) else {
                return Progress::Done;
            };
            let progress = match step.direction {
                Direction::Sends => self.send(case, step),
                Direction::Sees => self.see(case, step),
            };
            match (progress, &mut self.begun) {
                (Progress::Done, Some(begun)) => begun.next += 1,
                (other, _) => return other,
            }
        }
    }

    /// Starts the exchange. All answers of the exchange are noted as outstanding now. So the runner recognises them even if
    /// they arrive after a step has given up on this fence.
    fn begin(&self, case: &mut Case<'_>, fence: &Fence) -> Begun {
        let token = case.random.next();
        let mut answers = Vec::new();
        for step in &fence.steps {
            self.note_tokens(case, step, token);
            answers.push((step.direction == Direction::Sees).then(|| {
                case.outstanding.push(Outstanding {
                    conn: self.conn(step.who),
                    packet: step.packet,
                    fields: self.values(case, step, token),
                });
                case.outstanding.len() - 1
            }));
        }
        Begun {
            next: 0,
            until: case.now + case.bounds.wait(None),
            token,
            answers,
        }
    }

    /// Notes the tokens of the fence, so that the runner recognises the frames of the fence on every lane.
    fn note_tokens(&self, case: &Case<'_>, step: &FenceStep, token: u64) {
        for (field, value) in step.fields.iter().zip(self.values(case, step, token)) {
            if let (FenceExpr::Token, Some(value)) = (field, value) {
                case.shared.ledger.note_token(&value);
            }
        }
    }

    fn conn(&self, party: Party) -> ConnId {
        match party {
            Party::From => self.from,
            Party::To => self.to,
        }
    }

    fn send(&self, case: &mut Case<'_>, step: &FenceStep) -> Progress {
        let conn = self.conn(step.who);
        let token = self.begun.as_ref().map_or(0, |begun| begun.token);
        let values: Option<Vec<Value>> = match self.signed(case, step, token) {
            Ok(values) => values.into_iter().collect(),
            Err(failure) => return failure.into(),
        };
        let Some(values) = values else {
            return Failure::own_fault("a fence that sends `_`, which is not a value").into();
        };
        match case.wire.encode(Side::Client, step.packet, &values) {
            Ok(bytes) => {
                case.transmit(conn, bytes, &Cut::Whole, Purpose::Fence);
                Progress::Done
            }
            Err(error) => Failure::own_fault(error).into(),
        }
    }

    fn see(&self, case: &mut Case<'_>, step: &FenceStep) -> Progress {
        let Some(begun) = &self.begun else {
            return Progress::Done;
        };
        let conn = self.conn(step.who);
        let own = begun.answers.get(begun.next).copied().flatten();
        let is_helper = case.connections[conn].is_helper;
        if self.in_passing {
            return see_among_others(case, conn, own, begun.until, step.packet);
        }
        if step.who == Party::From && self.from != self.to && !is_helper {
            return see_in_passing(case, conn, own, begun.until, step.packet);
        }
        loop {
            match case.look(conn, own) {
                Look::Frame(frame) if fits(case, own, &frame) => {
                    let front = &mut case.view.fronts[conn];
                    front.swallowed.extend(own);
                    case.consume_frame(conn, &frame, Meaning::Fence);
                    return Progress::Done;
                }
                Look::Frame(frame) if is_helper && self.kind == Kind::Between => {
                    case.consume_frame(conn, &frame, Meaning::Foreign);
                }
                Look::Nothing | Look::Partial if case.now < begun.until => {
                    return Progress::Waits(begun.until);
                }
                look if is_helper => return no_answer(case, conn, step.packet, &look).into(),
                look @ (Look::Nothing | Look::Broken { .. }) => {
                    return no_answer(case, conn, step.packet, &look).into();
                }
                look => return case.broken_silence(conn, &look).into(),
            }
        }
    }

    /// Returns the values of the fields to send, with the signatures filled in.
    fn signed(
        &self,
        case: &Case<'_>,
        step: &FenceStep,
        token: u64,
    ) -> Result<Vec<Option<Value>>, Box<Failure>> {
        let mut values = self.values(case, step, token);
        for (field, value) in step.fields.iter().zip(&mut values) {
            if let FenceExpr::SignatureOf(party) = field {
                let conn = &case.connections[self.conn(*party)];
                *value = Some(signature_of(conn.identity.as_ref())?);
            }
        }
        Ok(values)
    }

    /// Returns one value per field; `None` for a signature, and for a field in which any value is right.
    fn values(&self, case: &Case<'_>, step: &FenceStep, token: u64) -> Vec<Option<Value>> {
        let packet = case.shared.suite.grammar.packet(step.packet);
        step.fields
            .iter()
            .zip(&packet.fields)
            .map(|(field, declared)| match field {
                FenceExpr::NameOf(party) => Some(Value::Text(
                    case.connections[self.conn(*party)].login.clone(),
                )),
                FenceExpr::Token => Some(token_value(case, declared, token)),
                FenceExpr::Literal(value) => Some(value.clone()),
                FenceExpr::Any | FenceExpr::SignatureOf(_) => None,
            })
            .collect()
    }
}

/// Waits until the answer is among the frames that arrived on this lane, and leaves all these frames there. The answer is
/// removed later, after the scenario has taken the frames before it.
fn see_among_others(
    case: &Case<'_>,
    conn: ConnId,
    own: Option<usize>,
    until: Instant,
    packet: PacketId,
) -> Progress {
    let mut unread = case.unread(conn);
    loop {
        match case.wire.decode(Side::Server, unread) {
            Decoded::Frame(frame) if fits(case, own, &frame) => return Progress::Done,
            Decoded::Frame(frame) => unread = unread.get(frame.length..).unwrap_or_default(),
            // These bytes are not a frame; the next step of this lane reports them.
            Decoded::Broken { .. } => return Progress::Done,
            Decoded::Partial(_) if case.connections[conn].paused || case.end_of(conn).is_some() => {
                return Progress::Done;
            }
            Decoded::Partial(_) if case.now < until => return Progress::Waits(until),
            Decoded::Partial(_) => return no_answer(case, conn, packet, &Look::Nothing).into(),
        }
    }
}

/// Waits for the answer on the lane that started the fence. If the answer is the next frame on this lane, the fence takes it
/// now. If the fence left it there, a similar frame that the target wrongly sends later could be taken for the answer. If
/// the scenario must take other frames first, the answer is removed later, when it is the next frame.
fn see_in_passing(
    case: &mut Case<'_>,
    conn: ConnId,
    own: Option<usize>,
    until: Instant,
    packet: PacketId,
) -> Progress {
    if case.connections[conn].paused {
        return Progress::Done;
    }
    match case.look(conn, own) {
        Look::Frame(frame) if fits(case, own, &frame) => {
            case.view.fronts[conn].swallowed.extend(own);
            case.consume_frame(conn, &frame, Meaning::Fence);
            Progress::Done
        }
        Look::Nothing | Look::Partial if case.now < until => Progress::Waits(until),
        look @ (Look::Nothing | Look::Partial) => no_answer(case, conn, packet, &look).into(),
        _ => Progress::Done,
    }
}

fn fits(case: &Case<'_>, own: Option<usize>, frame: &Frame) -> bool {
    own.and_then(|index| case.outstanding.get(index))
        .is_some_and(|answer| answer.fits(frame))
}

/// Returns the token as a value of a field. If the whole token is too long for a text field, the field gets only the end of
/// the token.
fn token_value(case: &Case<'_>, field: &Field, token: u64) -> Value {
    let grammar = &case.shared.suite.grammar;
    let kinds = grammar.kinds_of_type(&field.type_name, case.choices);
    match kinds.first() {
        Some(TypeKind::Int(int)) => Value::Int(i128::from(token) % int.max().max(1)),
        Some(TypeKind::Uuid) => Value::Text(uuid_of(u128::from(token))),
        Some(kind) if kind.sort() == Sort::Bytes => Value::Bytes(token.to_be_bytes().to_vec()),
        kind => {
            let size = match kind.and_then(|kind| kind.extent()) {
                Some(Extent::Fixed { size, .. }) => Some(*size),
                _ => None,
            };
            let limits = [size, field.max_bytes, field.max_chars];
            let most = limits.into_iter().flatten().min().unwrap_or(usize::MAX);
            let text = format!("fence-{token:016x}");
            let cut = text.len().saturating_sub(most);
            Value::Text(text.chars().skip(cut).collect())
        }
    }
}

/// Returns the failure of a fence whose answer did not arrive. Without the answer, the runner does not know whether there
/// was silence.
fn no_answer(case: &Case<'_>, conn: ConnId, packet: PacketId, look: &Look) -> Failure {
    let name = &case.shared.suite.grammar.packet(packet).name;
    let expected =
        format!("{name}, a packet of a fence (a fence proves that the target sent nothing else)");
    let mut failure = explain::something(&case.shown(conn), FailureKind::NoFence, expected, look);
    failure.by_time = matches!(look, Look::Nothing | Look::Partial);
    failure
}
