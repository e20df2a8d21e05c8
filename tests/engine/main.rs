//! The promises of the engine, over real sockets. A test waits for time to pass only if the promise is about time. To show
//! that something does not arrive, a test waits for something that is sent later and must arrive (a fence).

mod chatos_1_0;
mod chatos_groupe2;
mod ends;
mod limits;
mod order;
mod panics;
mod questions;
mod skipping;
mod slow_readers;
mod stop;
mod support;
mod talk;
mod ticks;
mod tls;
mod tunnels;
