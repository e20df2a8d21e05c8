//! The ledger lists the frames that the cases of a run have sent. With it, cases that run at the same time recognise each
//! other's broadcasts and ignore them.
//!
//! Every frame that may reach other lanes is added to the ledger *before* it is sent. A broadcast that arrives on an
//! identified lane (a lane whose name the server knows) is *foreign* if its fields equal the fields of another case's entry.
//! On each lane, one entry can make only one broadcast foreign.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;

use crate::evidence::Stray;
use crate::grammar::{Decoded, Frame, Grammar, PacketId, Side, Value, Wire};

/// The number that identifies one play of one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CaseNumber(pub(crate) u64);

/// Maximum size of a frame that a client sends, in bytes. Longer data is not a frame of a chat protocol.
const LONGEST_FRAME: usize = 64 << 10;

/// The frames that the cases of a run have sent, the names of their lanes, and the tokens of their fences.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_content: HashMap<String, Vec<Entry>>,
    names: HashMap<String, CaseNumber>,
    tokens: BTreeSet<String>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    case: CaseNumber,
    packet: PacketId,
}

impl Ledger {
    /// Notes a name that a lane of this case uses.
    pub(crate) fn note_name(&self, case: CaseNumber, name: &str) {
        self.entries.lock().names.insert(name.to_owned(), case);
    }

    /// Notes the token of a fence.
    pub(crate) fn note_token(&self, token: &Value) {
        self.entries.lock().tokens.insert(token.to_string());
    }

    /// Returns whether a field of the frame is the token of a fence.
    pub(crate) fn has_token(&self, frame: &Frame) -> bool {
        let entries = self.entries.lock();
        let mut values = frame.fields.iter().map(|field| field.value.to_string());
        values.any(|value| entries.tokens.contains(&value))
    }

    /// Returns whether a lane of this run uses this name.
    pub(crate) fn is_ours(&self, name: &str) -> bool {
        self.entries.lock().names.contains_key(name)
    }

    /// If this frame certainly does not belong to this case's conversation, returns where it comes from.
    pub(crate) fn stray(&self, case: CaseNumber, frame: &Frame) -> Option<Stray> {
        if self.has_token(frame) {
            return Some(Stray::Fence);
        }
        let entries = self.entries.lock();
        let owners: BTreeSet<CaseNumber> = frame
            .fields
            .iter()
            .flat_map(|field| texts(&field.value))
            .filter_map(|text| entries.names.get(text).copied())
            .collect();
        (!owners.is_empty() && !owners.contains(&case)).then_some(Stray::OtherCase)
    }

    /// Adds a frame to the ledger. The caller must call this function before it sends the frame.
    pub(crate) fn enter(&self, case: CaseNumber, packet: PacketId, values: &[Value]) {
        let mut entries = self.entries.lock();
        let number = entries.next;
        entries.next += 1;
        entries
            .by_content
            .entry(content(values))
            .or_default()
            .push(Entry {
                number,
                case,
                packet,
            });
    }

    /// Finds an entry of another case that may have caused this frame, and returns the number of the entry. Skips the
    /// entries whose numbers are in `got`.
    ///
    /// The packet of the frame may differ from the packet of the entry. A server may relay a message as another packet,
    /// which has the same fields and which only servers send.
    pub(crate) fn origin_elsewhere(
        &self,
        case: CaseNumber,
        grammar: &Grammar,
        frame: &Frame,
        got: &BTreeSet<u64>,
    ) -> Option<u64> {
        let servers_own = !grammar.packet(frame.packet).is_sent_by(Side::Client);
        let values: Vec<Value> = frame
            .fields
            .iter()
            .map(|field| field.value.clone())
            .collect();
        let entries = self.entries.lock();
        let same = entries.by_content.get(&content(&values))?;
        same.iter()
            .filter(|entry| entry.packet == frame.packet || servers_own)
            .find(|entry| entry.case != case && !got.contains(&entry.number))
            .map(|entry| entry.number)
    }
}

/// Returns the text if the value is a text, all texts in it if the value is a list, and nothing otherwise.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Int(_) | Value::Bytes(_) | Value::Absent => Vec::new(),
    }
}

fn content(values: &[Value]) -> String {
    format!("{values:?}")
}

/// Finds the frames in the bytes that the runner sends on one connection, even if the scenario sends a frame in several
/// parts or as raw bytes.
#[derive(Debug, Default)]
pub(crate) struct SentFrames {
    unread: Vec<u8>,
    lost: bool,
}

impl SentFrames {
    /// Returns the frames that these bytes complete. After bytes that are not a frame, no more frames are recognised.
    pub(crate) fn push(&mut self, wire: &Wire, bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        if self.lost {
            return frames;
        }
        self.unread.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            match wire.decode(Side::Client, self.unread.get(at..).unwrap_or_default()) {
                Decoded::Frame(frame) => {
                    at += frame.length;
                    frames.push(frame);
                }
                Decoded::Partial(_) => break,
                Decoded::Broken { .. } => {
                    self.lost = true;
                    break;
                }
            }
        }
        self.unread.drain(..at);
        if self.lost || self.unread.len() > LONGEST_FRAME {
            self.lost = true;
            self.unread = Vec::new();
        }
        frames
    }
}
