//! Tests of what the engine promises, over real sockets. A test waits for a fixed time only if the promise itself is about
//! time. To show that a frame does not arrive, a test uses a fence: it waits for another frame that is sent later and must
//! arrive.

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
