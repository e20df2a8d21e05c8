//! Notices when this machine stalls. A machine stalls when it runs none of the runner's threads for a while. If a time limit
//! passes during a stall, this proves nothing about the target.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// The interval at which the watchdog wakes.
const BEAT: Duration = Duration::from_millis(50);

/// If the watchdog wakes this much later than planned, the machine has stalled. Shorter delays are ordinary scheduling.
const LATE: Duration = Duration::from_millis(250);

/// A thread that sleeps for a short time again and again, and notes when it woke too late.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    ended: bool,
    stalls: Vec<(Instant, Instant)>,
    /// The instant at which the thread should be awake next.
    due: Instant,
}

impl Watchdog {
    /// Starts to watch. If the system cannot start the thread, the runner notices only a stall that is still going on.
    pub(crate) fn start() -> Watchdog {
        // The first interval begins now, and not when the thread starts, because the machine may stall before the thread
        // starts.
        let state = State {
            ended: false,
            stalls: Vec::new(),
            due: Instant::now() + BEAT,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            ended: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        let thread = Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watched.watch())
            .ok();
        Watchdog { shared, thread }
    }

    /// Returns whether the machine stalled between these instants.
    pub(crate) fn stalled(&self, from: Instant, to: Instant) -> bool {
        let state = self.shared.state.lock();
        // After a stall, the caller may wake before the watchdog. Then the watchdog is late, but has not noted the stall
        // yet.
        let now = Instant::now();
        let overlaps = |began: Instant, ended: Instant| began < to && ended > from;
        (now > state.due + LATE && overlaps(state.due, now))
            || state
                .stalls
                .iter()
                .any(|(began, ended)| overlaps(*began, *ended))
    }
}

impl Shared {
    fn watch(&self) {
        let mut state = self.state.lock();
        while !state.ended {
            let due = state.due;
            self.ended.wait_until(&mut state, due);
            let now = Instant::now();
            if now > due + LATE {
                state.stalls.push((due, now));
            }
            if now >= due {
                state.due = now + BEAT;
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic. Even a panic would do no harm here, because the run is over.
            let _ = thread.join();
        }
    }
}
