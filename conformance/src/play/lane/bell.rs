//! How the reader and writer threads of a case wake its interpreter.

use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// Counts what happened on any lane of a case.
///
/// The interpreter notes the count, looks at its lanes, and when they have nothing for it waits until the count has gone
/// past what it noted. Whatever happens between the look and the wait is in the count, so no wake-up is lost.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rings: Mutex<u64>,
    rung: Condvar,
}

impl Bell {
    /// How often it rang so far.
    pub(crate) fn count(&self) -> u64 {
        *self.rings.lock()
    }

    /// Something happened.
    pub(crate) fn ring(&self) {
        *self.rings.lock() += 1;
        self.rung.notify_all();
    }

    /// Blocks until it rang after `seen` was counted, or until that instant.
    pub(crate) fn wait(&self, seen: u64, until: Instant) {
        let mut rings = self.rings.lock();
        while *rings == seen {
            if self.rung.wait_until(&mut rings, until).timed_out() {
                return;
            }
        }
    }
}
