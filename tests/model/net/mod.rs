//! The neighbours of the files under test.

#![allow(
    dead_code,
    reason = "the files under test have more users in the server than here"
)]

mod clock;
mod connection;
mod deadlines;
mod hub_model;
mod limits;
mod outbox_model;
mod progress;
mod sync;
mod sys;
mod tls;
mod turn;
mod workers;

#[path = "../../../src/server/net/hub.rs"]
mod hub;
#[path = "../../../src/server/net/outbox.rs"]
mod outbox;
#[path = "../../../src/server/net/queue.rs"]
mod queue;
#[path = "../../../src/server/net/run.rs"]
mod run;
#[path = "../../../src/server/net/timekeeping.rs"]
mod timekeeping;
