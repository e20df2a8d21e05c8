//! The exchanges of packets with which `conformance load` speaks a protocol.

use super::{Direction, PacketId, Value};

/// The exchanges of packets that a load (many clients that work at the same time) uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The login. After its last step, the client is logged in. All steps belong to the lane [`LoadLane::Me`].
    pub login: Vec<LoadStep>,
    /// A message to all clients, if the protocol has one.
    pub message: Option<LoadMessage>,
    /// The steps that open a private connection that the server relays, if the protocol has one. Before these steps two
    /// clients are logged in; after these steps the server relays raw bytes between two connections.
    pub tunnel: Vec<LoadStep>,
}

/// A message to all clients: the packet that the sender sends, the packet that every client receives, and the server's
/// answer to the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadMessage {
    /// What the sender sends.
    pub sent: LoadStep,
    /// What every client receives. If this packet contains a client's name, it is the name of the sender.
    pub arrives: LoadStep,
    /// The server's answer, which only the sender receives; `None` if the server does not answer.
    pub answer: Option<LoadStep>,
}

/// One packet of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadStep {
    /// The connection.
    pub lane: LoadLane,
    /// Whether the connection sends or receives the packet.
    pub direction: Direction,
    /// The packet.
    pub packet: PacketId,
    /// One expression per field, in the order of wire.kdl.
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
    /// The client that [`LoadLane::A`] asks for a private connection.
    B,
    /// The connection that [`LoadLane::A`] uses as its end of the private connection.
    AEnd,
    /// The connection that [`LoadLane::B`] uses as its end of the private connection.
    BEnd,
}

impl LoadLane {
    /// The names of these lanes in wire.kdl.
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
    /// `(signed)@me`: a signature over the name of this lane's client, made with the client's key. Only packets that a
    /// client sends may contain it.
    SignatureOf(LoadLane),
    /// `$text`: the text of the load's message.
    Text,
    /// `?id`: any value, which is then remembered under this name. `$id`: the value that is remembered under this name.
    Value(String),
    /// A literal value.
    Literal(Value),
    /// `_`: any value. Only packets that a client receives may contain it.
    Any,
}

impl From<Value> for LoadExpr {
    fn from(value: Value) -> LoadExpr {
        LoadExpr::Literal(value)
    }
}
