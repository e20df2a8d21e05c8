//! A pause of one connection's reader. It ends early when the connection closes.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A reader that must pause waits here until its pause is over.
///
/// The reader waits on a condition variable and not in `thread::sleep`: no other thread can wake a
/// thread that sleeps, so a server that stops would have to wait for it. The lock is held only to
/// test or set `over`. No other lock is taken under it.
#[derive(Debug, Default)]
pub(in crate::net) struct Pause {
    over: Mutex<bool>,
    ended: Condvar,
}

impl Pause {
    /// Blocks for this time, or until [`Pause::end`] is called. Once `end` has been called, every
    /// `wait` returns at once.
    pub(in crate::net) fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut over = self.over.lock();
        // Blocks, and releases the lock while it waits. Two things wake this thread: a call of
        // `end`, and the end of the time.
        while !*over && !self.ended.wait_until(&mut over, until).timed_out() {}
    }

    /// Ends the current pause and all later pauses, because the connection closes. Never blocks.
    pub(in crate::net) fn end(&self) {
        *self.over.lock() = true;
        self.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_wakes_the_one_that_waits_and_lets_none_wait_again() {
        let hours = Duration::from_hours(2);
        let pause = Pause::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pause.wait(hours));
            pause.end();
            waiting.join().unwrap();
        });
        pause.wait(hours);
    }
}
