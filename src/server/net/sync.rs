//! What guards the outbox and the hub. In one place, so that a model checker can take it: `tests/model` compiles those two
//! files with locks whose every possible order it tries.

pub(super) use parking_lot::{Condvar, Mutex, MutexGuard};
