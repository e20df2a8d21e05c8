//! A bound on the number of clients, and the wait until none is left.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// A counter of clients with an upper bound.
#[derive(Debug)]
pub(crate) struct Permits {
    most: usize,
    taken: Mutex<usize>,
    /// Notified when the last permit came back.
    all_back: Condvar,
}

/// The right to stay connected. Each client owns a permit, and dropping the client returns the permit. So no path through
/// the code can forget to return it, not even a panic.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Permits>);

impl Permits {
    pub(crate) fn new(most: usize) -> Permits {
        Permits {
            most,
            taken: Mutex::new(0),
            all_back: Condvar::new(),
        }
    }

    /// Returns a permit, or `None` at once when all are taken.
    pub(crate) fn take(self: &Arc<Permits>) -> Option<Permit> {
        let mut taken = self.taken.lock();
        if *taken == self.most {
            return None;
        }
        *taken += 1;
        Some(Permit(Arc::clone(self)))
    }

    /// Blocks until no client is left, but at most until `deadline`. Returns true if no client is left.
    pub(crate) fn wait_until_all_are_back(&self, deadline: Instant) -> bool {
        let mut taken = self.taken.lock();
        while *taken > 0 {
            if self.all_back.wait_until(&mut taken, deadline).timed_out() {
                return *taken == 0;
            }
        }
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock();
        *taken -= 1;
        if *taken == 0 {
            self.0.all_back.notify_all();
        }
    }
}
