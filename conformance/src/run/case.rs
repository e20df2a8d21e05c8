//! One case while it runs: its connections, what came on them, what it remembers.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::grammar::{Choices, Names, PacketId, Sort, Value, Wire};
use crate::identity::Identity;
use crate::scenario::{Bound, Expr, LaneId, Scenario};

use super::bell::Bell;
use super::cutting::Cutting;
use super::failure::Failure;
use super::identity::signature_of;
use super::lane::{Connection, End, Gate};
use super::ledger::{CaseNumber, SentFrames};
use super::look::Outstanding;
use super::names::names_of;
use super::random::SplitMix;
use super::segments::{Held, Made};
use super::shared::Run;
use super::unasked::Unasked;
use super::view::{Front, View};

/// Who plays a case.
pub(super) struct Players {
    pub(super) number: CaseNumber,
    pub(super) random: SplitMix,
    /// Who the lanes are, where names are not chosen.
    pub(super) identities: Vec<Identity>,
}

/// A case while it runs.
pub(super) struct Case<'a> {
    pub(super) run: &'a Run<'a>,
    /// Where the target listens in this case.
    pub(super) target: SocketAddr,
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
    /// Who each lane is, where names are identities.
    pub(super) identities: Vec<Identity>,
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
    /// How its sends are cut.
    pub(super) cutting: &'a Cutting,
    /// How many sends there were.
    pub(super) sends: usize,
    /// Where they were cut or glued.
    pub(super) made: Vec<Made>,
    /// What waits to share a segment with the next send of its lane.
    pub(super) held: Option<Held>,
}

/// A connection of a case.
pub(super) struct Line {
    pub(super) connection: Connection,
    /// Name of its lane.
    pub(super) lane: String,
    /// The name by which it logs in.
    pub(super) login: String,
    /// Who it is, where names are identities.
    pub(super) identity: Option<Identity>,
    /// Closed or aborted by the scenario: what comes is nobody's business any more.
    pub(super) left: bool,
    /// `stops-reading`.
    pub(super) paused: bool,
    /// The packets that come unasked and that the lane answers.
    pub(super) unasked: Unasked,
    /// Whether the runner opened it for a fence.
    pub(super) is_helper: bool,
    pub(super) sent: SentFrames,
    /// The packets among what was sent.
    pub(super) has_sent: BTreeSet<PacketId>,
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
        purpose: Purpose,
    },
    ShutDown,
    Closed,
    Aborted,
    Truncated,
    StoppedReading,
    ReadsAgain,
}

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The scenario says so.
    Scenario,
    /// It proves silence.
    Fence,
    /// It answers what came unasked.
    Answer,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        run: &'a Run<'a>,
        target: SocketAddr,
        scenario: &'a Scenario,
        wire: &'a Wire,
        choices: &'a Choices,
        cutting: &'a Cutting,
        players: Players,
    ) -> Case<'a> {
        let Players {
            number,
            mut random,
            identities,
        } = players;
        let settings = &run.options.settings;
        let names = match run.suite.grammar.names {
            Names::Chosen => names_of(&scenario.lanes, settings, &mut random),
            Names::Identities => identities.iter().map(|known| known.uuid.clone()).collect(),
        };
        for name in &names {
            run.ledger.note_name(number, name);
        }
        let now = Instant::now();
        Case {
            run,
            target,
            scenario,
            wire,
            choices,
            number,
            random,
            bell: Arc::default(),
            lines: Vec::new(),
            open: vec![None; scenario.lanes.len()],
            names,
            identities,
            helper: None,
            view: View {
                remembered: settings
                    .iter()
                    .map(|(name, text)| (name.clone(), Value::Text(text.clone())))
                    .collect(),
                ..View::default()
            },
            outstanding: Vec::new(),
            log: Vec::new(),
            now,
            started: now,
            gate: None,
            actions: 0,
            cutting,
            sends: 0,
            made: Vec::new(),
            held: None,
        }
    }

    /// Takes over what came on all lanes, and the time.
    pub(super) fn absorb(&mut self) {
        for line in &mut self.lines {
            line.connection.absorb();
        }
        self.now = Instant::now();
        self.answer_what_came_unasked();
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
                .ok_or_else(|| Failure::own_fault("a name that belongs to no lane")),
            Expr::AddressOf(lane) => self
                .line_of(*lane)
                .map(|line| Value::Bytes(self.lines[line].connection.own_address())),
            Expr::Remembered(name) => self.remembered(name),
            Expr::SignatureOf(lane) => signature_of(self.identities.get(lane.0)),
            Expr::Setting { name, sort } => self.setting(name, *sort),
        }
    }

    /// How long a bound is; one of its own is not scaled yet.
    pub(super) fn duration(&self, bound: &Bound) -> Duration {
        match bound {
            Bound::Fixed(duration) => *duration,
            Bound::Setting(name) => self.run.times.get(name).copied().unwrap_or_default(),
        }
    }

    /// What was given on the command line, as the field takes it.
    fn setting(&self, name: &str, sort: Sort) -> Result<Value, Box<Failure>> {
        let Some(text) = self.run.options.settings.get(name) else {
            return Err(Failure::own_fault(format!(
                "`--set {name}=...` was not given"
            )));
        };
        match sort {
            Sort::Int => text
                .parse()
                .map(Value::Int)
                .map_err(|_| Failure::own_fault(format!("`--set {name}={text}` must be a number"))),
            Sort::Text | Sort::Bytes => Ok(Value::Text(text.clone())),
        }
    }

    /// A remembered value.
    pub(super) fn remembered(&self, name: &str) -> Result<Value, Box<Failure>> {
        self.view
            .remembered
            .get(name)
            .cloned()
            .ok_or_else(|| Failure::own_fault(format!("${name} is used before it is remembered")))
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
}
