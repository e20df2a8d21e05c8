//! Tests of the outbox, and of the hub with its run (the effects that wait to be carried out). A model checker runs the
//! threads that use them in many different orders.
//!
//! The tested files are the server's own files. They are in `src/server/net`: `hub.rs`, `bounds/talk.rs`,
//! `sending/outbox.rs`, `sending/queue.rs`, `sending/piece.rs`, `sending/run.rs`, and `time/timekeeping.rs`. These tests
//! compile the same files a second time, but with other modules around them: locks that the crate `shuttle` schedules, a
//! socket that is only a buffer, and a clock that only takes over the turn from a sender. So the model checks the same code
//! that the server runs. The tests check that no wake-up and no frame is lost, and that all frames are in the right order.

mod net;
