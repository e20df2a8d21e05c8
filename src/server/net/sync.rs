//! The locks of the outbox and the hub. They have a file of their own, because `tests/model`
//! compiles the outbox and the hub with the locks of a model checker, which tries all possible
//! orders of the threads.

pub(super) use parking_lot::{Condvar, Mutex, MutexGuard};
