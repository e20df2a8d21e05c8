//! How `conformance load` speaks a protocol: the exchanges that a load is made of, without a scenario around them.

use super::{Direction, PacketId, Value};

/// What a protocol offers to a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Until the server knows who one is; the only lane is [`LoadLane::Me`].
    pub login: Vec<LoadStep>,
    /// A message for everybody, where the protocol has one.
    pub message: Option<LoadMessage>,
    /// A private connection that the server relays, where the protocol has one: from two who are logged in to raw bytes
    /// between two connections.
    pub tunnel: Vec<LoadStep>,
}

/// A message for everybody: what is sent, how it comes to the others, and what the server answers to its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadMessage {
    /// What the sender sends.
    pub sent: LoadStep,
    /// What everybody gets; names in it are the sender's.
    pub arrives: LoadStep,
    /// What the server answers to the sender alone, if it does.
    pub answer: Option<LoadStep>,
}

/// One packet of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStep {
    /// Whose connection.
    pub lane: LoadLane,
    /// Whether it sends or sees the packet.
    pub direction: Direction,
    /// Which packet.
    pub packet: PacketId,
    /// One expression per field, in the grammar's order.
    pub fields: Vec<LoadExpr>,
}

/// A connection of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LoadLane {
    /// Any client.
    Me,
    /// All clients.
    All,
    /// Who asks for a private connection.
    A,
    /// Who is asked.
    B,
    /// The asker's end of it.
    AEnd,
    /// The other one's.
    BEnd,
}

impl LoadLane {
    /// The lanes as they are written.
    pub const NAMED: [(&str, LoadLane); 6] = [
        ("me", LoadLane::Me),
        ("all", LoadLane::All),
        ("a", LoadLane::A),
        ("b", LoadLane::B),
        ("a-end", LoadLane::AEnd),
        ("b-end", LoadLane::BEnd),
    ];
}

/// A field of a load's packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadExpr {
    /// `@a`: the name under which that lane is logged in.
    NameOf(LoadLane),
    /// `(signed)@me`: the signature of that lane's client over its own name; only in what is sent.
    SignatureOf(LoadLane),
    /// `$text`: what the load has to say.
    Text,
    /// `?id`: whatever comes, under a name; then `$id`: the same again.
    Value(String),
    /// As written.
    Literal(Value),
    /// `_`: anything; only in what is seen.
    Any,
}
