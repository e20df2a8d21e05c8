//! Tests of the outbox, and of the hub with its run. A model checker runs their threads in many different orders.
//!
//! The files are the server's own (in `src/server/net`: `hub.rs`, `bounds/talk.rs`, `sending/outbox.rs`, `queue.rs`,
//! `piece.rs` and `run.rs`, `time/timekeeping.rs`). Here they are compiled a second time, and use other modules: locks that
//! shuttle schedules, a socket that is only a buffer, and a clock that only takes the turn that a sender hands over. So the
//! model checks the code that the server runs. It checks that no wake-up is lost, that no frame is forgotten, and that all
//! frames are in the right order.

mod net;
