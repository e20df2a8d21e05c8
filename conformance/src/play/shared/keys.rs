//! The keys of a run. One takes a good part of a second to make, so a run makes a few, beforehand, and gives them to many
//! UUIDs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};

use crate::identity::Key;

/// Number of keys; with more lanes than that, two lanes of a case share one.
const KEYS: usize = 4;

/// The keys of a run.
pub(crate) struct Keys {
    shared: Arc<Shared>,
    maker: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    keys: [OnceLock<Arc<Key>>; KEYS],
    ended: AtomicBool,
}

impl Keys {
    /// Begins to make them, in the background.
    pub(crate) fn start() -> Keys {
        let shared = Arc::new(Shared::default());
        let making = Arc::clone(&shared);
        let maker = Builder::new().name("make keys".to_owned());
        Keys {
            shared,
            // Without a thread for it keys are made by those who need them.
            maker: maker.spawn(move || making.make_all()).ok(),
        }
    }

    /// The key for the lane with this number.
    pub(crate) fn key(&self, lane: usize) -> Arc<Key> {
        self.shared.key(lane % KEYS)
    }
}

impl Shared {
    fn make_all(&self) {
        for index in 0..KEYS {
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            self.key(index);
        }
    }

    /// The first caller makes it; others wait for it.
    fn key(&self, index: usize) -> Arc<Key> {
        Arc::clone(self.keys[index].get_or_init(|| Arc::new(Key::generate())))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(maker) = self.maker.take() {
            // Who needs a key that it could not make has been told already.
            let _ = maker.join();
        }
    }
}
