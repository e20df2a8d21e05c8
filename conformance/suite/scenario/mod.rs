//! A scenario after parsing and lint: fragments inlined, repetitions unrolled, every name resolved.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

mod read;
mod verb;
pub mod walk;

pub use read::read_scenarios;
pub use verb::{Arrow, Verb, WORDS};

pub use crate::grammar::Worth;
use crate::grammar::{Grammar, PacketId, Sort, Value};
use crate::source::SourceFile;

/// Index into [`Scenario::lanes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId(pub usize);

/// What scenarios are checked against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The packets.
    pub grammar: &'a Grammar,
    /// The ids of spec.md.
    pub requirements: &'a BTreeSet<String>,
    /// The files of the protocol that this one extends: it need not use all of their fragments.
    pub inherited: &'a [&'a Arc<SourceFile>],
}

/// A place in a source file, in bytes; the file is named by [`Scenario::file`] or, for fragments, by [`Step::file`].
pub type Span = std::ops::Range<usize>;

/// One conversation with its judgement.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Stable id, `whisper`.
    pub id: String,
    /// A sentence.
    pub title: String,
    /// Requirements that it judges.
    pub checks: Vec<String>,
    /// What may run at the same time.
    pub company: Company,
    /// May kill the target: runs last and alone.
    pub hostile: bool,
    /// Mostly waits: begun before the others, and not counted among those that run side by side.
    pub slow: bool,
    /// Settings that must have been given.
    pub sets: Vec<String>,
    /// Set for a probe: the reading that it finds out.
    pub probes: Option<String>,
    /// Its connections, in order of declaration.
    pub lanes: Vec<Lane>,
    /// What happens.
    pub steps: Vec<Step>,
    /// The file it was read from, as it is shown to people.
    pub file: String,
    /// Its own text, as written (`conformance show`).
    pub text: String,
}

/// What may run beside a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Company {
    /// Anything.
    Any,
    /// Nothing that holds the lock of this name.
    Lock(String),
    /// Nothing at all.
    Alone,
}

/// A connection and how its fresh name is made.
#[derive(Debug, Clone)]
pub struct Lane {
    /// As written, `alice`.
    pub name: String,
    /// Where `@lane` comes from.
    pub login: LaneName,
    /// Where lanes have identities: whether the target knows this one's.
    pub registered: bool,
    /// Where lanes speak TLS: whether this one does. One that does not is blind: what comes is nothing that it can read.
    pub tls: bool,
    /// Whether it answers by itself what comes unasked.
    pub answers: bool,
}

/// How a lane comes by its name.
#[derive(Debug, Clone)]
pub enum LaneName {
    /// A fresh one; with a length and a filler it is made exactly that many bytes long.
    Fresh {
        /// Exact length in bytes, and the text that fills it up.
        exactly: Option<(usize, String)>,
    },
    /// The name of an earlier lane.
    SameAs(LaneId),
    /// What was given on the command line under this name.
    Setting(String),
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done or expected.
    pub action: Action,
    /// Where it is written.
    pub file: String,
    /// The bytes of that file.
    pub span: Span,
    /// One-based line, for people.
    pub line: usize,
    /// The step as it is written, on one line, for the report.
    pub text: String,
    /// The scenario that judges the fragment to which this step belongs, outermost fragment first.
    pub proved_by: Option<String>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Connects.
    Open(LaneId),
    /// Sends.
    Send {
        /// By whom.
        lane: LaneId,
        /// What, in this order, back to back.
        what: Vec<Outgoing>,
        /// How the bytes are laid into segments.
        cut: Cut,
    },
    /// FIN after everything that was sent.
    Shutdown(LaneId),
    /// Reads what is there, then closes in order.
    Close(LaneId),
    /// RST.
    Abort(LaneId),
    /// FIN without the end that TLS demands before it.
    Truncate(LaneId),
    /// Remembers a signature.
    Sign {
        /// By whose key.
        lane: LaneId,
        /// Over what.
        pieces: Vec<Piece>,
        /// How.
        scheme: Scheme,
        /// Under which name it is remembered, as [`Value::Bytes`].
        remember: String,
    },
    /// Stops reading from the socket.
    StopReading(LaneId),
    /// Reads again.
    ReadAgain(LaneId),
    /// The next thing on a lane.
    Expect {
        /// Where.
        lane: LaneId,
        /// What.
        what: Incoming,
        /// A bound of its own.
        within: Option<Bound>,
        /// How long after what came before it on this lane it may come at the earliest.
        not_before: Option<Bound>,
    },
    /// Frames on one lane in any order.
    AnyOrder {
        /// Where.
        lane: LaneId,
        /// Each exactly once.
        frames: Vec<FramePattern>,
        /// A bound of its own.
        within: Option<Bound>,
    },
    /// Lanes side by side, each in its order.
    Together(Vec<Vec<Step>>),
    /// The first branch that fits.
    Either(Vec<Branch>),
    /// The steps again and again, 100 ms apart, until they fit; the last try counts. Lanes opened inside are opened
    /// anew in each try.
    Eventually {
        /// How many tries, at least one.
        tries: usize,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Only in a reading.
    When {
        /// Name of the reading.
        reading: String,
        /// Name of the choice.
        choice: String,
        /// The steps.
        steps: Vec<Step>,
    },
    /// These remembered values all differ.
    Distinct(Vec<String>),
}

/// Something to send.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// A whole packet, fields in the order of the grammar.
    Packet {
        /// Which.
        packet: PacketId,
        /// Values of its fields.
        fields: Vec<Expr>,
    },
    /// Pieces put together by hand.
    Raw(Vec<Piece>),
    /// Pieces put together by hand, after their length.
    Framed(Vec<Piece>),
    /// Pseudo-random bytes.
    Random {
        /// How many.
        length: usize,
        /// Makes them repeatable.
        seed: u64,
        /// Remembered under this name as [`Value::Bytes`] holding their SHA-256.
        remember: Option<String>,
    },
}

/// A piece of a raw send.
#[derive(Debug, Clone)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The opcode of a packet in the target's reading.
    Opcode(PacketId),
    /// A number as an opcode.
    OpcodeNumber(i128),
    /// A value as a type of the grammar, limits not applied.
    Typed {
        /// Name of the type in wire.kdl.
        type_name: String,
        /// Its value.
        value: Expr,
    },
    /// The length prefix of a text type, alone.
    LengthOf {
        /// Name of the type in wire.kdl.
        type_name: String,
        /// What it claims.
        claims: i128,
    },
}

/// A value that is known when the step is reached.
#[derive(Debug, Clone)]
pub enum Expr {
    /// As written.
    Literal(Value),
    /// The name of a lane.
    NameOf(LaneId),
    /// The IP address from which a lane is connected, as its bytes.
    AddressOf(LaneId),
    /// A remembered value.
    Remembered(String),
    /// A signature by a lane's key over its own name.
    SignatureOf(LaneId),
    /// What was given on the command line, as a number or as text.
    Setting {
        /// Its name.
        name: String,
        /// What the field takes.
        sort: Sort,
    },
}

/// A bound of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// As written.
    Fixed(Duration),
    /// A setting of wire.kdl.
    Setting(String),
}

/// How an RSA signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// PKCS#1 v1.5 with SHA-256.
    Sha256,
    /// PKCS#1 v1.5 with SHA-512.
    Sha512,
    /// PSS with SHA-256.
    Pss,
}

impl Scheme {
    /// The names of the schemes in files.
    pub const NAMED: [(&'static str, Scheme); 3] = [
        ("sha256", Scheme::Sha256),
        ("sha512", Scheme::Sha512),
        ("pss", Scheme::Pss),
    ];
}

/// Something that must come.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// A frame.
    Frame(FramePattern),
    /// These bytes.
    Bytes(Vec<u8>),
    /// That many bytes, with the remembered hash.
    Hashed {
        /// How many.
        length: usize,
        /// Name under which the hash was remembered.
        remembered: String,
    },
    /// FIN.
    Eof,
    /// RST.
    Reset,
    /// FIN or RST.
    Closed,
    /// Nothing: proved by a fence, or, where the step has a bound of its own, waited for that long.
    Silence {
        /// Whose doings might have broken it; without it the lane's own.
        after: Option<LaneId>,
    },
}

/// A frame with patterns for its fields, in the grammar's order.
#[derive(Debug, Clone)]
pub struct FramePattern {
    /// Which packet.
    pub packet: PacketId,
    /// One pattern per field.
    pub fields: Vec<Pattern>,
}

/// What a field must be.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Anything.
    Any,
    /// Exactly this.
    Is(Expr),
    /// Remembered, or equal to what is remembered.
    Bind(String),
}

/// How bytes are laid into segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// In one write.
    Whole,
    /// In pieces of this many bytes.
    Every(usize),
    /// After these offsets.
    At(Vec<usize>),
}

/// One alternative.
#[derive(Debug, Clone)]
pub struct Branch {
    /// What the target does, `closes the connection`.
    pub name: String,
    /// What that is worth.
    pub worth: Worth,
    /// The steps.
    pub steps: Vec<Step>,
}
