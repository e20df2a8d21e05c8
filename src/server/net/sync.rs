//! The locks of the outbox and the hub. They have a file of their own, because `tests/model`
//! replaces them: it compiles the outbox and the hub with the locks of a model checker. The model
//! checker tries all possible orders in which the threads can run.

pub(super) use parking_lot::{Condvar, Mutex, MutexGuard};
