//! The interruption of a run. An interruption wakes every case that waits, so that the run ends at once and reports the
//! results so far.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::play::lane::Bell;

/// A value with which another thread can interrupt a run. All clones of the value interrupt the same run.
#[derive(Debug, Clone, Default)]
pub struct Interruption(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The signal that interrupted the run; 0 if the run was not interrupted.
    signal: AtomicI32,
    /// The bells of the cases that are being played. A bell wakes the thread that plays its case.
    bells: Mutex<Vec<Weak<Bell>>>,
}

impl Interruption {
    /// Interrupts the run because of this signal, such as 2 (SIGINT). The run ends as soon as its cases have noticed the
    /// interruption. Cases that are not judged by then are inconclusive.
    pub fn interrupt(&self, signal: i32) {
        self.0.signal.store(signal, Ordering::SeqCst);
        for bell in self.0.bells.lock().iter().filter_map(Weak::upgrade) {
            bell.ring();
        }
    }

    /// Returns the signal that interrupted the run, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        Some(self.0.signal.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }

    /// Makes this bell ring when the run is interrupted. To miss no interruption, a thread first notes how often the bell
    /// has rung, then looks at [`signal`](Interruption::signal), and only then waits until the bell rings again.
    pub(super) fn rings(&self, bell: &Arc<Bell>) {
        let mut bells = self.0.bells.lock();
        bells.retain(|known| known.strong_count() > 0);
        bells.push(Arc::downgrade(bell));
    }
}
