//! Tests of the outbox, and of the hub with its run. A model checker runs their threads in many different orders.
//!
//! The files are the server's own (in `src/server/net`: `hub.rs`, `bounds/talk.rs`, `sending/outbox.rs`, `queue.rs`, `piece.rs` and
//! `run.rs`, `time/timekeeping.rs`), compiled here a second time with other neighbours: locks that shuttle schedules, a
//! socket that is a buffer, a clock that only passes the turn on. So the model checks the code that the server runs: no lost
//! wake-up, no forgotten frame, no wrong order.

mod net;
