//! The keys of a run. Making an RSA key takes a large part of a second. So a run makes a few keys in advance, and uses each
//! of them for many UUIDs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};

use crate::identity::Key;

/// The number of keys. If a case has more lanes than this, some of its lanes have the same key.
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
    /// Starts a background thread that makes the keys.
    pub(crate) fn start() -> Keys {
        let shared = Arc::new(Shared::default());
        let making = Arc::clone(&shared);
        let maker = Builder::new().name("make keys".to_owned());
        Keys {
            shared,
            // If this thread cannot be started, each key is made when a caller needs it.
            maker: maker.spawn(move || making.make_all()).ok(),
        }
    }

    /// Returns the key for the lane with this number.
    pub(crate) fn key(&self, lane: usize) -> Arc<Key> {
        self.shared.key(lane)
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

    /// Returns the key of a lane. The first caller makes the key. If other callers ask for the same key meanwhile, they wait
    /// until the key is made.
    fn key(&self, lane: usize) -> Arc<Key> {
        let generate = || Arc::new(Key::generate());
        let kept = self.keys.get(lane % KEYS);
        kept.map_or_else(generate, |kept| Arc::clone(kept.get_or_init(generate)))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(maker) = self.maker.take() {
            // A panic of this thread needs no report. A caller that needs the key then makes the key itself, and if that
            // panics, too, the panic is visible.
            let _ = maker.join();
        }
    }
}
