//! Tests of the outbox, and of the hub with its run. A model checker runs their threads in many different orders.
//!
//! The files are the server's own (in `src/server/net`: `hub.rs`, `bounds/talk.rs`, `sending/outbox.rs`, `queue.rs`,
//! `piece.rs` and `run.rs`, `time/timekeeping.rs`). Here these files are compiled a second time, and use other modules:
//! locks that the crate `shuttle` schedules, a socket that is only a buffer, and a clock that does nothing but take over the
//! turn from a sender. So the model checks the code that the server runs. The tests check that no wake-up is lost, that no
//! frame is forgotten, and that all frames are in the right order.

mod net;
