//! The promises of the engine, each tried over real sockets. No test waits for time to pass, except where the promise is
//! about time; what must not arrive is followed by something that must (a fence).

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
mod tls;
mod tunnels;
