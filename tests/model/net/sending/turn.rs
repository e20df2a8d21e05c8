//! The model's version of a turn, which sends nothing. When it carries out a run, it records byte by byte what all clients
//! would receive.

use std::sync::Arc;
use std::time::Duration;

use super::run::Run;
use crate::net::sync::Mutex;

shuttle::lazy_static! {
    /// The bytes that all clients received, in order. Each execution begins with an empty record.
    pub(in crate::net) static ref ALL_CLIENTS_GOT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
}

#[derive(Debug)]
pub(in crate::net) struct Turn {
    pub(in crate::net) run: Run,
}

impl Turn {
    pub(in crate::net) fn new(_: &str, _: Duration, _: &Arc<str>) -> Turn {
        Turn { run: Run::new() }
    }

    pub(in crate::net) fn apply(&mut self) {
        for byte in self.run.effects.for_all() {
            // Another thread may take the lock between two bytes. Even then, the order of the bytes must be right.
            ALL_CLIENTS_GOT.lock().push(*byte);
        }
        self.run.clear();
    }

    pub(in crate::net) fn cut_all(&self) {}
}
