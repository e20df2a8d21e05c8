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
    /// The meaning of these bytes.
    pub(crate) marks: Vec<Mark>,
    /// Whether the server knows the name of the client on this connection.
    pub(crate) identified: bool,
    /// Whether a tunnel has begun: what the target sends from now on are no frames.
    pub(crate) raw: bool,
    /// Whether a step has seen how the target ended it.
    pub(crate) end_seen: bool,
    /// The ledger entries of other cases whose frames arrived on this connection, by the numbers of the entries.
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
    /// A frame of the conversation of another case.
    Foreign,
    /// The answer to a fence.
    Fence,
    /// A frame that arrived unasked, and that no step expected.
    Unasked,
    /// A frame that did not fit a try of `eventually`, and that was skipped.
    PassedOver,
}
