//! Notices when this machine stalls: a wait that runs out while nobody was running proves nothing about the target.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// The watchdog wakes this often.
const BEAT: Duration = Duration::from_millis(50);

/// So much later than asked is no longer ordinary scheduling.
const LATE: Duration = Duration::from_millis(250);

/// A thread that sleeps in short beats and notes when it was woken late.
#[derive(Debug)]
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ended: bool,
    stalls: Vec<(Instant, Instant)>,
}

impl Watchdog {
    /// Begins to watch. Without a thread to spare nothing is noticed.
    pub(super) fn start() -> Watchdog {
        let shared = Arc::new(Shared::default());
        let watched = Arc::clone(&shared);
        let thread = Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watched.watch())
            .ok();
        Watchdog { shared, thread }
    }

    /// Whether the machine stalled between these instants.
    pub(super) fn stalled(&self, from: Instant, to: Instant) -> bool {
        self.shared
            .state
            .lock()
            .stalls
            .iter()
            .any(|(began, ended)| *began < to && *ended > from)
    }
}

impl Shared {
    fn watch(&self) {
        let mut state = self.state.lock();
        while !state.ended {
            let due = Instant::now() + BEAT;
            self.ended.wait_until(&mut state, due);
            let now = Instant::now();
            if now > due + LATE {
                state.stalls.push((due, now));
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // It cannot panic; if it did, the run is over anyway.
            let _ = thread.join();
        }
    }
}
