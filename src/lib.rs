//! matou: a blocking, thread-per-connection chat server for small binary protocols.

pub mod chaton;
pub mod cli;
pub mod client;
pub mod net;
pub mod room;
pub mod wire;
