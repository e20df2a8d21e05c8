//! How the reader and writer threads of a case wake its interpreter.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::budget::Budget;

/// A counter of the events on all lanes of a case.
///
/// The interpreter notes the count, then looks at its lanes. If it finds nothing to do, it waits until the count is higher
/// than the noted count. An event that happens after this look and before the wait increases the count, so the interpreter
/// does not miss the event.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rings: Mutex<u64>,
    rung: Condvar,
    /// The limit on the memory that all lanes of the run share.
    pub(super) budget: Arc<Budget>,
}

impl Bell {
    pub(crate) fn new(budget: Arc<Budget>) -> Bell {
        Bell {
            budget,
            ..Bell::default()
        }
    }

    /// Returns how often the bell has rung so far.
    pub(crate) fn count(&self) -> u64 {
        *self.rings.lock()
    }

    /// Reports an event.
    pub(crate) fn ring(&self) {
        *self.rings.lock() += 1;
        self.rung.notify_all();
    }

    /// Blocks until the count differs from `seen`, or until the instant `until`.
    pub(crate) fn wait(&self, seen: u64, until: Instant) {
        let mut rings = self.rings.lock();
        while *rings == seen {
            if self.rung.wait_until(&mut rings, until).timed_out() {
                return;
            }
        }
    }
}
