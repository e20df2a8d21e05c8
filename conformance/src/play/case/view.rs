//! What the interpreter has taken in so far. An alternative is tried on a copy, which is thrown away if it does not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::grammar::Value;
use crate::scenario::Worth;

use super::PerConnection;

/// How far a case has come on each connection, and what it knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// One per connection of the case.
    pub(crate) fronts: PerConnection<Front>,
    /// Remembered values.
    pub(crate) remembered: BTreeMap<String, Value>,
    /// The alternatives that fitted and other remarks.
    pub(crate) notes: Vec<String>,
    /// The least of them.
    pub(crate) worth: Option<Worth>,
}

impl View {
    /// An alternative of this worth was taken.
    pub(crate) fn remark(&mut self, worth: Worth, note: String) {
        self.notes.push(note);
        self.worth = self.worth.max(Some(worth));
    }
}

/// How far a case has come on one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Front {
    /// Number of received bytes that are dealt with.
    pub(crate) consumed: usize,
    /// What they were.
    pub(crate) marks: Vec<Mark>,
    /// Whether the server knows this connection by its name.
    pub(crate) identified: bool,
    /// Whether a step has seen how the target ended it.
    pub(crate) end_seen: bool,
    /// The ledger's entries of other cases that this connection got.
    pub(crate) foreign: BTreeSet<u64>,
    /// The outstanding answers to fences that came.
    pub(crate) swallowed: BTreeSet<usize>,
}

/// A piece of what was received, once it is dealt with.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// Which bytes.
    pub(crate) bytes: Range<usize>,
    /// What they are.
    pub(crate) meaning: Meaning,
}

/// What a piece of the received bytes is.
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
    /// A frame that came unasked, and that no step expected.
    Unasked,
    /// A frame that a try of `eventually` did not want.
    PassedOver,
}
