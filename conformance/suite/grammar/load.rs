//! How `conformance load` speaks a protocol: its exchanges, without a scenario around them.

use super::{Direction, PacketId, Value};

/// The exchanges that a protocol offers to a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The login, until the server knows the client; the only lane is [`LoadLane::Me`].
    pub login: Vec<LoadStep>,
    /// A message for everybody, where the protocol has one.
    pub message: Option<LoadMessage>,
    /// A private connection that the server relays, where the protocol has one: from two clients that are logged in to
    /// raw bytes between two connections.
    pub tunnel: Vec<LoadStep>,
}

/// A message for everybody: what is sent, how it arrives at the other clients, and what the server answers to its
/// sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadMessage {
    /// What the sender sends.
    pub sent: LoadStep,
    /// What every client receives; names in it are the sender's.
    pub arrives: LoadStep,
    /// What the server answers to the sender alone, if it does.
    pub answer: Option<LoadStep>,
}

/// One packet of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStep {
    /// The connection.
    pub lane: LoadLane,
    /// Whether it sends or sees the packet.
    pub direction: Direction,
    /// The packet.
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
    /// The client that asks for a private connection.
    A,
    /// The client that is asked.
    B,
    /// The asking client's end of the private connection.
    AEnd,
    /// The other client's end.
    BEnd,
}

impl LoadLane {
    /// The lanes as wire.kdl writes them.
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
    /// `$text`: the text of the load's message.
    Text,
    /// `?id`: any value, under a name; then `$id`: the same value again.
    Value(String),
    /// The value that is written.
    Literal(Value),
    /// `_`: any value; only in what is seen.
    Any,
}
