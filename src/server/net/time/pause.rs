//! A pause of one connection's reader, which the end of the connection cuts short.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Where a reader waits for time to pass.
///
/// A thread that sleeps (`thread::sleep`) cannot be woken, and a server that stops would wait for
/// it. So it waits on a condition variable. The lock is held for a comparison; no other lock is
/// taken under it.
#[derive(Debug, Default)]
pub(in crate::net) struct Pause {
    over: Mutex<bool>,
    ended: Condvar,
}

impl Pause {
    /// Blocks for this long, or until [`Pause::end`]. After that it does not block any more.
    pub(in crate::net) fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut over = self.over.lock();
        // Releases the lock while it waits. `end` wakes it, or the time.
        while !*over && !self.ended.wait_until(&mut over, until).timed_out() {}
    }

    /// Ends every pause, for good: the connection closes. Never blocks.
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
