//! What the interpreter has taken in so far. An alternative is tried on a copy, which is thrown away if it does not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::grammar::Value;
use crate::scenario::Worth;

/// How far a case has come on each connection, and what it knows.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// One per connection of the case, in the order in which they were opened.
    pub(super) fronts: Vec<Front>,
    /// Remembered values.
    pub(super) remembered: BTreeMap<String, Value>,
    /// The alternatives that fitted and other remarks.
    pub(super) notes: Vec<String>,
    /// The least of them.
    pub(super) worth: Option<Worth>,
}

impl View {
    /// An alternative of this worth was taken.
    pub(super) fn remark(&mut self, worth: Worth, note: String) {
        self.notes.push(note);
        self.worth = self.worth.max(Some(worth));
    }
}

/// How far a case has come on one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Front {
    /// So many of the received bytes are dealt with.
    pub(super) consumed: usize,
    /// What they were.
    pub(super) marks: Vec<Mark>,
    /// Whether the server knows this connection by its name.
    pub(super) identified: bool,
    /// Whether a step has seen how the target ended it.
    pub(super) end_seen: bool,
    /// The ledger's entries of other cases that this connection got.
    pub(super) foreign: BTreeSet<u64>,
    /// The outstanding answers to fences that came.
    pub(super) swallowed: BTreeSet<usize>,
}

/// A piece of what was received, once it is dealt with.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Which bytes.
    pub(super) bytes: Range<usize>,
    /// What they are.
    pub(super) meaning: Meaning,
}

/// What a piece of the received bytes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A frame that the scenario expected.
    Frame,
    /// Bytes that the scenario expected.
    Bytes,
    /// A frame of the conversation of another case.
    Foreign,
    /// The answer to a fence.
    Fence,
    /// A frame that came unasked, and that no step expected.
    Unasked,
    /// A frame that a try of `eventually` did not want.
    PassedOver,
}
