//! The locks of `shuttle`, with the methods of the locks that the server uses.

use std::fmt;
use std::ops::{Deref, DerefMut};

use shuttle::sync as model;

#[derive(Default)]
pub(super) struct Mutex<T>(model::Mutex<T>);

/// The inner guard is `None` only while its thread waits on a condition variable.
pub(super) struct MutexGuard<'a, T>(Option<model::MutexGuard<'a, T>>);

#[derive(Default)]
pub(super) struct Condvar(model::Condvar);

impl<T> Mutex<T> {
    pub(super) fn new(value: T) -> Mutex<T> {
        Mutex(model::Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard(Some(self.0.lock().expect("no thread of a model panics")))
    }
}

impl Condvar {
    pub(super) fn new() -> Condvar {
        Condvar::default()
    }

    pub(super) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.0.take().expect("a guard holds its lock");
        guard.0 = Some(self.0.wait(held).expect("no thread of a model panics"));
    }

    pub(super) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(super) fn notify_one(&self) {
        self.0.notify_one();
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("a guard holds its lock")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("a guard holds its lock")
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condvar")
    }
}
