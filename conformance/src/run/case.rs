//! One case while it runs: its connections, what came on them, what it remembers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::grammar::{Choices, Decoded, DecodedField, Frame, PacketId, Side, Value, Wire};
use crate::scenario::{Expr, LaneId, Scenario};
use crate::suite::Suite;

use super::bell::Bell;
use super::failure::Failure;
use super::lane::{Connection, End, Gate};
use super::ledger::{CaseNumber, Ledger, SentFrames, Stray};
use super::names::names_of;
use super::options::{Bounds, Options};
use super::random::SplitMix;
use super::view::{Front, Mark, Meaning, View};

/// What all cases of a run share.
pub(super) struct Run<'a> {
    pub(super) suite: &'a Suite,
    pub(super) target: SocketAddr,
    pub(super) options: &'a Options,
    pub(super) bounds: Bounds,
    pub(super) settings: BTreeMap<String, Value>,
    pub(super) ledger: Ledger,
    pub(super) seed: u64,
    next_case: AtomicU64,
}

impl<'a> Run<'a> {
    pub(super) fn new(suite: &'a Suite, target: SocketAddr, options: &'a Options) -> Run<'a> {
        let drawn = || getrandom::u64().unwrap_or(0x6d61_746f_7500);
        Run {
            suite,
            target,
            options,
            bounds: Bounds::of(options),
            settings: options
                .settings
                .iter()
                .map(|(name, text)| (name.clone(), setting_value(text)))
                .collect(),
            ledger: Ledger::default(),
            seed: options.seed.unwrap_or_else(drawn),
            next_case: AtomicU64::new(0),
        }
    }

    /// A number for one more case, and randomness of its own.
    pub(super) fn number_case(&self) -> (CaseNumber, SplitMix) {
        let number = self.next_case.fetch_add(1, Ordering::Relaxed);
        let seed = SplitMix::new(self.seed.wrapping_add(number)).next();
        (CaseNumber(number), SplitMix::new(seed))
    }
}

/// A setting that looks like a number is one.
fn setting_value(text: &str) -> Value {
    text.parse()
        .map_or_else(|_| Value::Text(text.to_owned()), Value::Int)
}

/// A case while it runs.
pub(super) struct Case<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) scenario: &'a Scenario,
    pub(super) wire: &'a Wire,
    pub(super) choices: &'a Choices,
    pub(super) number: CaseNumber,
    pub(super) random: SplitMix,
    pub(super) bell: Arc<Bell>,
    /// All connections that were ever opened.
    pub(super) lines: Vec<Line>,
    /// The connection of each lane.
    pub(super) open: Vec<Option<usize>>,
    /// The name of each lane.
    pub(super) names: Vec<String>,
    /// The lane that the runner opened for its fences.
    pub(super) helper: Option<usize>,
    pub(super) view: View,
    /// Answers to fences that nobody waits for any more, or that come where nobody waits.
    pub(super) outstanding: Vec<Outstanding>,
    /// What was done, for the report.
    pub(super) log: Vec<Done>,
    /// When the interpreter began to look; deadlines are compared with it.
    pub(super) now: Instant,
    pub(super) started: Instant,
    /// While the first steps of a `together` are begun: what holds back their sends.
    pub(super) gate: Option<Arc<Gate>>,
    /// How many steps did something to the target.
    pub(super) actions: usize,
}

/// A connection of a case.
pub(super) struct Line {
    pub(super) connection: Connection,
    /// Name of its lane.
    pub(super) lane: String,
    /// The name by which it logs in.
    pub(super) login: String,
    /// Closed or aborted by the scenario: what comes is nobody's business any more.
    pub(super) left: bool,
    /// `stops-reading`.
    pub(super) paused: bool,
    /// Whether the runner opened it for a fence.
    pub(super) is_helper: bool,
    pub(super) sent: SentFrames,
}

/// Something that was done on a connection.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) at: Instant,
    pub(super) line: usize,
    pub(super) what: Doing,
}

/// What was done.
#[derive(Debug, Clone)]
pub(super) enum Doing {
    Connected,
    Sent {
        bytes: Vec<u8>,
        length: usize,
        fence: bool,
    },
    ShutDown,
    Closed,
    Aborted,
    StoppedReading,
    ReadsAgain,
}

/// A frame that a fence makes the server send.
#[derive(Debug, Clone)]
pub(super) struct Outstanding {
    pub(super) line: usize,
    pub(super) packet: PacketId,
    /// `None` where anything is right.
    pub(super) fields: Vec<Option<Value>>,
}

impl Outstanding {
    pub(super) fn fits(&self, frame: &Frame) -> bool {
        frame.packet == self.packet
            && frame.fields.len() == self.fields.len()
            && self
                .fields
                .iter()
                .zip(&frame.fields)
                .all(|(wanted, field)| wanted.as_ref().is_none_or(|value| *value == field.value))
    }
}

/// What stands at the front of a connection, foreign frames and answers to old fences taken away.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing came, and more may come.
    Nothing,
    /// The beginning of a frame; more may come.
    Partial,
    /// The beginning of a frame, and the connection has ended.
    Half(Vec<DecodedField>, End),
    /// A frame.
    Frame(Frame),
    /// Bytes that are no frame.
    Broken {
        at: usize,
        why: String,
        fields: Vec<DecodedField>,
    },
    /// The connection has ended.
    Ended(End),
}

impl<'a> Case<'a> {
    pub(super) fn new(
        run: &'a Run<'a>,
        scenario: &'a Scenario,
        wire: &'a Wire,
        choices: &'a Choices,
    ) -> Case<'a> {
        let (number, mut random) = run.number_case();
        let names = names_of(&scenario.lanes, &mut random);
        for name in &names {
            run.ledger.note_name(number, name);
        }
        let now = Instant::now();
        Case {
            run,
            scenario,
            wire,
            choices,
            number,
            random,
            bell: Arc::default(),
            lines: Vec::new(),
            open: vec![None; scenario.lanes.len()],
            names,
            helper: None,
            view: View {
                remembered: run.settings.clone(),
                ..View::default()
            },
            outstanding: Vec::new(),
            log: Vec::new(),
            now,
            started: now,
            gate: None,
            actions: 0,
        }
    }

    /// Takes over what came on all lanes, and the time.
    pub(super) fn absorb(&mut self) {
        for line in &mut self.lines {
            line.connection.absorb();
        }
        self.now = Instant::now();
    }

    /// A connection that was opened while an alternative was tried is known to the others, too.
    pub(super) fn complete_view(&mut self) {
        let fronts = &mut self.view.fronts;
        fronts.resize_with(self.lines.len().max(fronts.len()), Front::default);
    }

    /// Whether the scenario cut this connection.
    pub(super) fn was_aborted(&self, line: usize) -> bool {
        self.did(line, |what| matches!(what, Doing::Aborted))
    }

    /// Whether the scenario ended this connection's sending side.
    pub(super) fn has_shut_down(&self, line: usize) -> bool {
        self.did(line, |what| matches!(what, Doing::ShutDown))
    }

    fn did(&self, line: usize, is_that: impl Fn(&Doing) -> bool) -> bool {
        self.log
            .iter()
            .any(|done| done.line == line && is_that(&done.what))
    }

    /// The connection of a lane.
    pub(super) fn line_of(&self, lane: LaneId) -> Result<usize, Box<Failure>> {
        self.open.get(lane.0).copied().flatten().ok_or_else(|| {
            Failure::own_fault(format!(
                "{} is not connected; a lane begins with `client`",
                self.lane_name(lane)
            ))
        })
    }

    /// The lane's name in the scenario.
    pub(super) fn lane_name(&self, lane: LaneId) -> &str {
        self.scenario
            .lanes
            .get(lane.0)
            .map_or("a lane", |lane| lane.name.as_str())
    }

    /// What an expression is worth now.
    pub(super) fn value(&self, expression: &Expr) -> Result<Value, Box<Failure>> {
        match expression {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::NameOf(lane) => self
                .names
                .get(lane.0)
                .map(|name| Value::Text(name.clone()))
                .ok_or_else(|| Failure::own_fault("a name of no lane")),
            Expr::Remembered(name) => self.remembered(name),
        }
    }

    /// A remembered value.
    pub(super) fn remembered(&self, name: &str) -> Result<Value, Box<Failure>> {
        self.view.remembered.get(name).cloned().ok_or_else(|| {
            Failure::own_fault(format!(
                "${name} is used before anything is remembered as it"
            ))
        })
    }

    /// What was received on a connection and is not dealt with yet.
    pub(super) fn unread(&self, line: usize) -> &[u8] {
        let consumed = self.view.fronts.get(line).map_or(0, |front| front.consumed);
        self.lines
            .get(line)
            .and_then(|line| line.connection.received().get(consumed..))
            .unwrap_or_default()
    }

    /// How the target ended a connection.
    pub(super) fn end_of(&self, line: usize) -> Option<End> {
        self.lines
            .get(line)
            .and_then(|line| line.connection.end())
            .map(|(_, end)| end)
    }

    /// What stands at the front of a connection. `own` is the outstanding frame that the caller waits for itself.
    pub(super) fn look(&mut self, line: usize, own: Option<usize>) -> Look {
        loop {
            let unread = self.unread(line);
            let end = self.end_of(line);
            if unread.is_empty() {
                return end.map_or(Look::Nothing, Look::Ended);
            }
            match self.wire.decode(Side::Server, unread) {
                Decoded::Frame(frame) => {
                    if let Some(entry) = self.foreign_entry(line, &frame) {
                        self.view.fronts[line].foreign.extend(entry);
                        self.consume_frame(line, &frame, Meaning::Foreign);
                    } else if let Some(fence) = self.outstanding_answer(line, &frame, own) {
                        self.view.fronts[line].swallowed.insert(fence);
                        self.consume_frame(line, &frame, Meaning::Fence);
                    } else {
                        return Look::Frame(frame);
                    }
                }
                Decoded::Partial(fields) => {
                    return end.map_or(Look::Partial, |end| Look::Half(fields, end));
                }
                Decoded::Broken { at, why, fields } => return Look::Broken { at, why, fields },
            }
        }
    }

    /// `Some` if the frame belongs to the conversation of somebody else: with the ledger's entry, or without one if a
    /// stranger sent it.
    fn foreign_entry(&self, line: usize, frame: &Frame) -> Option<Option<u64>> {
        let front = &self.view.fronts[line];
        let origin = self.run.suite.grammar.packet(frame.packet).ambient?;
        if !front.identified {
            return None;
        }
        let ledger = &self.run.ledger;
        let entry =
            ledger.origin_elsewhere(self.number, &self.run.suite.grammar, frame, &front.foreign);
        if entry.is_some() {
            return Some(entry);
        }
        let stranger = match frame.fields.get(origin).map(|field| &field.value) {
            Some(Value::Text(name)) => !ledger.is_ours(name),
            _ => false,
        };
        (self.run.options.shared_target && stranger).then_some(None)
    }

    /// Whose frame stands at the front of a connection, if it is certainly not one of this case's conversation.
    pub(super) fn stray(&self, line: usize) -> Option<Stray> {
        match self.wire.decode(Side::Server, self.unread(line)) {
            Decoded::Frame(frame) => self.run.ledger.stray(self.number, &frame),
            _ => None,
        }
    }

    fn outstanding_answer(&self, line: usize, frame: &Frame, own: Option<usize>) -> Option<usize> {
        let swallowed = &self.view.fronts[line].swallowed;
        self.outstanding
            .iter()
            .enumerate()
            .find(|(index, answer)| {
                answer.line == line
                    && Some(*index) != own
                    && !swallowed.contains(index)
                    && answer.fits(frame)
            })
            .map(|(index, _)| index)
    }

    /// A frame at the front is dealt with.
    pub(super) fn consume_frame(&mut self, line: usize, frame: &Frame, meaning: Meaning) {
        if self.identifies(frame) {
            self.view.fronts[line].identified = true;
        }
        self.consume(line, frame.length, meaning);
    }

    /// So many bytes at the front are dealt with.
    pub(super) fn consume(&mut self, line: usize, length: usize, meaning: Meaning) {
        let front: &mut Front = &mut self.view.fronts[line];
        let end = front.consumed + length;
        front.marks.push(Mark {
            bytes: front.consumed..end,
            meaning,
        });
        front.consumed = end;
    }

    fn identifies(&self, frame: &Frame) -> bool {
        let Some(by) = &self.run.suite.grammar.identified_by else {
            return false;
        };
        by.packet == frame.packet
            && by
                .fields
                .iter()
                .zip(&frame.fields)
                .all(|(wanted, field)| wanted.as_ref().is_none_or(|value| *value == field.value))
    }
}
