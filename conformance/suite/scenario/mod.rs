//! A scenario after parsing and lint: fragments inlined, repetitions unrolled, every name resolved.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

mod lane;
mod read;
mod verb;
pub mod walk;

pub use lane::{KEPT_CHARACTERS, Lane, LaneName, RANDOM_CHARACTERS};
pub use read::read_scenarios;
pub use verb::{Arrow, Verb, is_word, words};

pub use crate::grammar::Worth;
use crate::grammar::{Grammar, PacketId, Sort, Value};
use crate::source::SourceFile;

/// Maximum number of bytes of one `random` step. This number of bytes fills every buffer between two clients. The runner
/// keeps the bytes that it receives, so it may need this much memory for each lane.
pub const MAX_PAYLOAD: usize = 16 << 20;

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
    /// The files of the protocol that this one extends. Lint does not report unused fragments in these files.
    pub inherited: &'a [&'a Arc<SourceFile>],
}

/// A place in a source file, in bytes. For a step, [`Step::file`] names the file, because a step of a fragment may be in
/// another file than its scenario.
pub type Span = std::ops::Range<usize>;

/// A conversation of one or more clients with the target, and the requirements that this conversation judges.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    /// Stable id, such as `whisper`.
    pub id: String,
    /// The title of the scenario, a sentence.
    pub title: String,
    /// The requirements that it judges.
    pub checks: Vec<String>,
    /// Which other cases may run at the same time as this case.
    pub company: Company,
    /// Whether the case may crash the target. Such a case runs last and alone.
    pub hostile: bool,
    /// Whether the case spends most of its time waiting. Such a case starts before the other cases, and does not count
    /// towards the number of cases that run at the same time.
    pub slow: bool,
    /// The settings that the user must give.
    pub sets: Vec<String>,
    /// If the scenario is a probe, the name of a reading: the probe finds out which choice of this reading the target
    /// follows.
    pub probes: Option<String>,
    /// The lanes of the scenario, in the order in which they are declared.
    pub lanes: Vec<Lane>,
    /// The steps of the scenario.
    pub steps: Vec<Step>,
    /// The file from which it was read, as shown in reports.
    pub file: String,
    /// The source text of the scenario, which `conformance show` prints.
    pub text: String,
}

/// Which other cases may run at the same time as a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Company {
    /// All other cases.
    #[default]
    Any,
    /// All other cases, except the cases with the same lock.
    Lock(String),
    /// No other case.
    Alone,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What the step does or expects.
    pub action: Action,
    /// The file in which the step is written.
    pub file: String,
    /// The step's place in that file, in bytes.
    pub span: Span,
    /// The step's line in that file, counted from 1.
    pub line: usize,
    /// The step as it is written, on one line, for the report.
    pub text: String,
    /// The scenario that judges the fragment to which this step belongs. If this fragment is inside other fragments, the
    /// outermost fragment that has such a scenario decides.
    pub proved_by: Option<String>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Connects.
    Open(LaneId),
    /// Sends.
    Send {
        /// The lane that sends.
        lane: LaneId,
        /// What the lane sends, in this order and without pauses.
        what: Vec<Outgoing>,
        /// How the bytes are cut into segments.
        cut: Cut,
    },
    /// Sends FIN after everything that was sent before.
    Shutdown(LaneId),
    /// Reads what has arrived, then closes the connection normally.
    Close(LaneId),
    /// Ends the connection with RST.
    Abort(LaneId),
    /// Sends FIN without the close_notify that TLS demands before it.
    Truncate(LaneId),
    /// Makes a signature and remembers it.
    Sign {
        /// The lane whose key signs.
        lane: LaneId,
        /// The pieces of the value that is signed.
        pieces: Vec<Piece>,
        /// The scheme.
        scheme: Scheme,
        /// The name under which the signature is remembered, as [`Value::Bytes`].
        remember: String,
    },
    /// Stops reading from the socket.
    StopReading(LaneId),
    /// Resumes reading from the socket.
    ReadAgain(LaneId),
    /// Expects what must arrive next on a lane.
    Expect {
        /// The lane.
        lane: LaneId,
        /// What must arrive.
        what: Incoming,
        /// The step's own time limit, if it has one.
        within: Option<Bound>,
        /// The minimum time between the previous frame on this lane and the expected frame.
        not_before: Option<Bound>,
    },
    /// Expects frames on one lane in any order.
    AnyOrder {
        /// The lane.
        lane: LaneId,
        /// The frames; each arrives exactly once.
        frames: Vec<FramePattern>,
        /// The step's own time limit, if it has one.
        within: Option<Bound>,
    },
    /// Runs the steps of several lanes at the same time. The steps of each lane keep their order.
    Together(Vec<Vec<Step>>),
    /// Uses the first branch whose steps fit the target's behaviour.
    Either(Vec<Branch>),
    /// Repeats the steps until they succeed, with a pause of 100 ms after each failed try. If the last try fails, the case
    /// fails. Each try opens its lanes again.
    Eventually {
        /// Number of tries, at least one.
        tries: usize,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Plays the steps only if the target follows this choice of a reading.
    When {
        /// Name of the reading.
        reading: String,
        /// Name of the choice.
        choice: String,
        /// The steps.
        steps: Vec<Step>,
    },
    /// Checks that all these remembered values differ from each other.
    Distinct(Vec<String>),
    /// Waits for a time, because no packet shows when the target has handled what was sent before.
    Pause {
        /// The time.
        length: Bound,
        /// The reason, a sentence.
        because: String,
    },
}

/// Something to send.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// A whole packet, with its fields in the order of wire.kdl.
    Packet {
        /// The packet.
        packet: PacketId,
        /// Values of the packet's fields.
        fields: Vec<Expr>,
    },
    /// Bytes, in the pieces in which the author wrote them.
    Raw(Vec<Piece>),
    /// Pieces that the author wrote, sent as one frame; the runner adds the length of the frame.
    Framed(Vec<Piece>),
    /// Pseudo-random bytes.
    Random {
        /// Number of bytes.
        length: usize,
        /// The seed of the random bytes. The same seed always gives the same bytes.
        seed: u64,
        /// The name under which the SHA-256 hash of the bytes is remembered, as [`Value::Bytes`].
        remember: Option<String>,
    },
}

/// A piece of a raw send.
#[derive(Debug, Clone)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The opcode of a packet, with the choices of the readings that the target follows.
    Opcode(PacketId),
    /// A number, encoded as an opcode.
    OpcodeNumber(i128),
    /// A number, encoded as the length of a frame.
    FrameLength(i128),
    /// A value encoded as a type of the grammar; the limits of wire.kdl do not apply.
    Typed {
        /// Name of the type in wire.kdl.
        type_name: String,
        /// The value to encode.
        value: Expr,
    },
    /// Only the length prefix of a type, without a value after it.
    LengthOf {
        /// Name of the type in wire.kdl.
        type_name: String,
        /// The length that the prefix claims.
        claims: i128,
    },
}

/// A value that a lane sends. Some values become known only when the step is played.
#[derive(Debug, Clone)]
pub enum Expr {
    /// A literal.
    Literal(Value),
    /// The name of a lane.
    NameOf(LaneId),
    /// The bytes of the IP address from which a lane is connected.
    AddressOf(LaneId),
    /// A remembered value.
    Remembered(String),
    /// A signature by a lane's key over its own name.
    SignatureOf(LaneId),
    /// A list of values.
    List(Vec<Expr>),
    /// A setting from the command line, as a number or as text.
    Setting {
        /// The name of the setting.
        name: String,
        /// The type of the field.
        sort: Sort,
    },
}

/// A time limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// A literal.
    Fixed(Duration),
    /// A setting of wire.kdl.
    Setting(String),
}

/// The scheme of an RSA signature.
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
    /// The names of the schemes in scenario files.
    pub const NAMED: [(&'static str, Scheme); 3] = [
        ("sha256", Scheme::Sha256),
        ("sha512", Scheme::Sha512),
        ("pss", Scheme::Pss),
    ];
}

/// Something that must arrive.
#[derive(Debug, Clone)]
pub enum Incoming {
    /// A frame.
    Frame(FramePattern),
    /// These bytes.
    Bytes(Vec<u8>),
    /// This number of bytes, whose hash must equal the remembered hash.
    Hashed {
        /// Number of bytes.
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
    /// Nothing may arrive. A fence proves the silence. But if the step has its own time limit, the runner uses no fence: it
    /// only waits for that time.
    Silence {
        /// The lane whose sends could have caused a frame; `None` if it is the silent lane itself.
        after: Option<LaneId>,
    },
}

/// A frame with patterns for its fields, in the order of wire.kdl.
#[derive(Debug, Clone)]
pub struct FramePattern {
    /// The packet.
    pub packet: PacketId,
    /// One pattern per field.
    pub fields: Vec<Pattern>,
}

/// The expected value of a field.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// Any value. The packet must have the field.
    Any,
    /// Exactly this value.
    Is(Expr),
    /// If nothing is remembered under this name yet, any value is right, and the step remembers it. Otherwise only the
    /// remembered value is right.
    Bind(String),
    /// A list.
    List(ListPattern),
    /// Any value, or no value at all. The reader of scenarios uses this if it cannot know whether the packet has the field.
    Undecided,
}

/// The expected values of a list.
#[derive(Debug, Clone)]
pub struct ListPattern {
    /// The patterns of its values.
    pub items: Vec<Pattern>,
    /// Whether the values may arrive in any order.
    pub in_any_order: bool,
    /// Whether other values may arrive, too.
    pub among_others: bool,
}

/// How bytes are cut into segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// In one write.
    Whole,
    /// In pieces of this many bytes.
    Every(usize),
    /// In pieces that end at these offsets.
    At(Vec<usize>),
}

/// One alternative.
#[derive(Debug, Clone)]
pub struct Branch {
    /// What the target does, such as `closes the connection`.
    pub name: String,
    /// The verdict of this branch.
    pub worth: Worth,
    /// The steps.
    pub steps: Vec<Step>,
}
