//! A turn that carries a run out by writing down, byte by byte, what everybody would get.

use std::sync::Arc;
use std::time::Duration;

use super::run::Run;
use super::sync::Mutex;
use super::writers::Writers;

shuttle::lazy_static! {
    /// What everybody got, in order; a new one in each execution.
    pub(super) static ref EVERYBODY_GOT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
}

#[derive(Debug)]
pub(super) struct Turn {
    pub(super) run: Run,
}

impl Turn {
    pub(super) fn new(_: &Arc<Writers>, _: Duration, _: &Arc<str>) -> Turn {
        Turn { run: Run::new() }
    }

    pub(super) fn apply(&mut self) {
        for byte in self.run.effects.for_all() {
            // Taking the lock anew lets another thread come between: it must not matter.
            EVERYBODY_GOT.lock().push(*byte);
        }
        self.run.clear();
    }

    pub(super) fn cut_all(&self) {}
}
