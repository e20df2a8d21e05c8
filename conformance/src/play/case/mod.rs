//! One case while it runs: its connections, the bytes that arrived on them, and the values that it remembers.
//!
//! | file | what |
//! |---|---|
//! | `connection`, `per_connection`, `per_lane` | the connections of the case, and the actions on them |
//! | `view` | what the steps of the case have taken so far |
//! | `look`, `shown` | what is next on a connection, for steps and for explanations |
//! | `connect`, `sending`, `cutting` | opening and closing connections; sends, and how they are divided into segments |
//! | `unasked` | packets that the target sends unasked, such as pings, and that lanes answer by themselves |
//! | `conversation` | all events in order of time, for the reports |

mod connect;
mod connection;
pub(crate) mod conversation;
mod cutting;
mod look;
mod per_connection;
mod per_lane;
mod sending;
mod shown;
mod unasked;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::evidence::{End, Failure, Made};
use crate::grammar::{Choices, Names, Sort, Value, Wire};
use crate::identity::Identity;
use crate::play::lane::{Bell, Gate};
use crate::play::shared::ledger::CaseNumber;
use crate::play::shared::names::names_of;
use crate::play::shared::random::SplitMix;
use crate::play::shared::registry::signature_of;
use crate::play::shared::{Bounds, Shared};
use crate::scenario::{Bound, Expr, LaneId, Scenario};

pub(crate) use connection::{Doing, Outstanding, Purpose, Unasked};
use connection::{Done, Held, LaneConnection};
pub(crate) use cutting::Cutting;
pub(crate) use per_connection::{ConnId, PerConnection};
pub(crate) use per_lane::PerLane;
pub(crate) use view::{Meaning, View};

/// The names and identities of a case's lanes, and the time limits of the case.
pub(crate) struct Players {
    pub(crate) number: CaseNumber,
    pub(crate) random: SplitMix,
    /// The identities of the lanes; empty if clients choose their names.
    pub(crate) identities: Vec<Identity>,
    pub(crate) bounds: Bounds,
}

/// A case while it runs.
pub(crate) struct Case<'a> {
    pub(crate) shared: &'a Shared<'a>,
    /// The address where the target listens in this case.
    pub(crate) target: SocketAddr,
    pub(crate) scenario: &'a Scenario,
    pub(crate) wire: &'a Wire,
    pub(crate) choices: &'a Choices,
    pub(crate) number: CaseNumber,
    pub(crate) random: SplitMix,
    /// The time limits of this play.
    pub(crate) bounds: Bounds,
    pub(crate) bell: Arc<Bell>,
    /// All connections that the case has opened, including those that have ended.
    pub(crate) connections: PerConnection<LaneConnection>,
    /// The connection of each lane.
    pub(crate) open: PerLane<Option<ConnId>>,
    /// The name of each lane.
    pub(crate) names: PerLane<String>,
    /// The identity of each lane; empty if clients choose their names.
    pub(crate) identities: Vec<Identity>,
    /// The lane that the runner opened for its fences.
    pub(crate) helper: Option<ConnId>,
    pub(crate) view: View,
    /// The frames that fences make the server send. They are removed from the received frames, even if no step waits for
    /// them.
    pub(crate) outstanding: Vec<Outstanding>,
    /// What the lanes did so far, for the report.
    pub(crate) log: Vec<Done>,
    /// The time at which the interpreter last collected the received bytes. Time limits are compared with this time.
    pub(crate) now: Instant,
    pub(crate) started: Instant,
    /// The gate that holds back all sends until the first step of each lane of a `together` has started.
    pub(crate) gate: Option<Arc<Gate>>,
    /// Whether the case stopped waiting for an answer.
    pub(crate) gave_up: bool,
    /// The number of steps that acted on the target, for example by sending or closing.
    pub(crate) actions: usize,
    /// How the sends of the case are cut.
    pub(crate) cutting: &'a Cutting,
    /// The number of sends so far.
    pub(crate) sends: usize,
    /// The places where sends were cut or glued.
    pub(crate) made: Vec<Made>,
    /// The send that waits to share a segment with the next send of its lane.
    pub(crate) held: Option<Held>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        shared: &'a Shared<'a>,
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
            bounds,
        } = players;
        let settings = shared.settings;
        let names = match shared.suite.grammar.names {
            Names::Chosen => names_of(&scenario.lanes, settings, &mut random),
            Names::Identities => identities.iter().map(|known| known.uuid.clone()).collect(),
        };
        let names = PerLane::of(scenario, |lane| {
            names.get(lane.0).cloned().unwrap_or_default()
        });
        for name in names.values() {
            shared.ledger.note_name(number, name);
        }
        let now = Instant::now();
        Case {
            shared,
            target,
            scenario,
            wire,
            choices,
            number,
            random,
            bounds,
            bell: shared.bell(),
            connections: PerConnection::default(),
            open: PerLane::of(scenario, |_| None),
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
            gave_up: false,
            actions: 0,
            cutting,
            sends: 0,
            made: Vec::new(),
            held: None,
        }
    }

    /// Adds an empty front (no progress yet) for each connection that the view does not have, for example because another
    /// alternative opened the connection.
    pub(crate) fn complete_view(&mut self) {
        self.view.fronts.extend_to(&self.connections);
    }

    /// Returns whether the scenario reset this connection.
    pub(crate) fn was_aborted(&self, conn: ConnId) -> bool {
        self.did(conn, |what| matches!(what, Doing::Aborted))
    }

    /// Returns whether the scenario ended the sending side of this connection.
    pub(crate) fn has_shut_down(&self, conn: ConnId) -> bool {
        self.did(conn, |what| matches!(what, Doing::ShutDown))
    }

    /// Returns whether the newest connection of the lane with this name is a tunnel end.
    pub(crate) fn is_tunnel(&self, lane: Option<&str>) -> bool {
        let of_lane = self
            .connections
            .iter()
            .filter(|(_, open)| Some(open.lane.as_str()) == lane);
        let front = of_lane
            .last()
            .and_then(|(conn, _)| self.view.fronts.find(conn));
        front.is_some_and(|front| front.raw)
    }

    /// Returns when the scenario closed or reset this connection; `None` if it has not done this.
    pub(crate) fn left_at(&self, conn: ConnId) -> Option<Instant> {
        let is_end =
            |what: &Doing| matches!(what, Doing::Closed | Doing::Aborted | Doing::Truncated);
        let mut ends = self.log.iter().filter(|done| is_end(&done.what));
        ends.find(|done| done.conn == conn).map(|done| done.at)
    }

    fn did(&self, conn: ConnId, is_that: impl Fn(&Doing) -> bool) -> bool {
        self.log
            .iter()
            .any(|done| done.conn == conn && is_that(&done.what))
    }

    /// Returns the connection of a lane.
    pub(crate) fn conn_of(&self, lane: LaneId) -> Result<ConnId, Box<Failure>> {
        self.open[lane].ok_or_else(|| {
            Failure::own_fault(format!(
                "{} is not connected; a lane begins with `client`",
                self.lane_name(lane)
            ))
        })
    }

    /// Returns the lane's name in the scenario.
    pub(crate) fn lane_name(&self, lane: LaneId) -> &str {
        self.scenario
            .lanes
            .get(lane.0)
            .map_or("a lane", |lane| lane.name.as_str())
    }

    /// Returns the present value of an expression.
    pub(crate) fn value(&self, expression: &Expr) -> Result<Value, Box<Failure>> {
        match expression {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::NameOf(lane) => Ok(Value::Text(self.names[*lane].clone())),
            Expr::AddressOf(lane) => self
                .conn_of(*lane)
                .map(|conn| Value::Bytes(self.connections[conn].socket.own_address())),
            Expr::Remembered(name) => self.remembered(name),
            Expr::SignatureOf(lane) => signature_of(self.identities.get(lane.0)),
            Expr::List(items) => {
                let items = items.iter().map(|item| self.value(item));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            Expr::Setting { name, sort } => self.setting(name, *sort),
        }
    }

    /// Returns the duration of a time limit, without the factor of `--scale`.
    pub(crate) fn duration(&self, bound: &Bound) -> Duration {
        match bound {
            Bound::Fixed(duration) => *duration,
            Bound::Setting(name) => self.shared.times.get(name).copied().unwrap_or_default(),
        }
    }

    /// Returns the value of a setting from the command line, converted to the type that the field needs.
    fn setting(&self, name: &str, sort: Sort) -> Result<Value, Box<Failure>> {
        let Some(text) = self.shared.settings.get(name) else {
            return Err(Failure::own_fault(format!(
                "`--set {name}=...` was not given"
            )));
        };
        match sort {
            Sort::Int => text.parse().map(Value::Int).map_err(|_| {
                Failure::own_fault(format!(
                    "the value in `--set {name}={text}` must be a number"
                ))
            }),
            Sort::Text | Sort::Bytes | Sort::List | Sort::Nothing => Ok(Value::Text(text.clone())),
        }
    }

    /// Returns a remembered value.
    pub(crate) fn remembered(&self, name: &str) -> Result<Value, Box<Failure>> {
        self.view
            .remembered
            .get(name)
            .cloned()
            .ok_or_else(|| Failure::own_fault(format!("${name} is used before it is remembered")))
    }

    /// Returns the received bytes of a connection that no step has taken yet.
    pub(crate) fn unread(&self, conn: ConnId) -> &[u8] {
        let consumed = self
            .view
            .fronts
            .find(conn)
            .map_or(0, |front| front.consumed);
        self.connections
            .find(conn)
            .and_then(|conn| conn.socket.received().get(consumed..))
            .unwrap_or_default()
    }

    /// Returns how the target ended a connection.
    pub(crate) fn end_of(&self, conn: ConnId) -> Option<End> {
        self.connections
            .find(conn)
            .and_then(|conn| conn.socket.end())
            .map(|(_, end)| end)
    }
}
