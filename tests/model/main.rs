//! The outbox, the hub and its run in every order of threads that a model checker finds worth trying.
//!
//! The files are the server's own (`src/server/net/outbox.rs`, `hub.rs`, `run.rs`), compiled here a second time beside other
//! neighbours: locks that shuttle schedules, a socket that is a buffer, a clock that only passes the turn on. So what is
//! checked is what runs: no lost wake-up, no frame left behind, no reorder.

mod net;
