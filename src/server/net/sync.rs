//! The locks of the outbox and the hub. In a file of its own, because `tests/model` compiles those
//! two with other locks: those of a model checker, which tries the possible orders of the threads.

pub(super) use parking_lot::{Condvar, Mutex, MutexGuard};
