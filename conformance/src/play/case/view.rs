//! What the steps of a case have taken and remembered so far. Each alternative of an `either` works on its own copy, which
//! is dropped if the alternative does not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::grammar::Value;
use crate::scenario::Worth;

use super::PerConnection;

/// The progress of a case on each connection, and its remembered values.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// One front per connection of the case.
    pub(crate) fronts: PerConnection<Front>,
    /// Remembered values.
    pub(crate) remembered: BTreeMap<String, Value>,
    /// Remarks, such as the names of the alternatives that were taken.
    pub(crate) notes: Vec<String>,
    /// The worst verdict ([`Worth`]) among the alternatives that were taken.
    pub(crate) worth: Option<Worth>,
}

impl View {
    /// Notes that an alternative with this verdict was taken.
    pub(crate) fn remark(&mut self, worth: Worth, note: String) {
        self.notes.push(note);
        self.worth = self.worth.max(Some(worth));
    }
}

/// The progress of a case on one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Front {
    /// The number of received bytes that are handled.
    pub(crate) consumed: usize,
    /// The meaning of these bytes, piece by piece.
    pub(crate) marks: Vec<Mark>,
    /// Whether the server knows the name of the client on this connection.
    pub(crate) identified: bool,
    /// Whether a tunnel has begun. After that, the bytes that the target sends are not frames.
    pub(crate) raw: bool,
    /// Whether a step has seen how the target ended the connection.
    pub(crate) end_seen: bool,
    /// The frames of other cases that arrived on this connection, as numbers of entries in the ledger.
    pub(crate) foreign: BTreeSet<u64>,
    /// The frames of fences that arrived on this connection, as indexes into `Case::outstanding`.
    pub(crate) swallowed: BTreeSet<usize>,
}

/// A piece of the received bytes that is handled.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// The range of the bytes in this piece.
    pub(crate) bytes: Range<usize>,
    /// The meaning of its bytes.
    pub(crate) meaning: Meaning,
}

/// The meaning of a piece of the received bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A frame that the scenario expected.
    Frame,
    /// Bytes that the scenario expected.
    Bytes,
    /// A frame that belongs to the conversation of another case.
    Foreign,
    /// The answer to a fence.
    Fence,
    /// A frame that the target sent unasked, and that no step expected.
    Unasked,
    /// A frame that did not fit in one try of an `eventually`, and that the next try skipped.
    PassedOver,
}
