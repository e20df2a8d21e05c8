//! Tests of Chatr Connect: the bytes of its packets, the behaviour of its room (written as conversations), the use of keys
//! that other programs made, the registry over HTTP, and the whole program.
//!
//! No test of the room has a socket or waits for a clock. Time passes only when a test says so.

#[path = "../common/conversation.rs"]
mod conversation;
mod script;
mod secure;
mod vectors;

mod codec;
mod connecting;
mod invariants;
mod keys;
mod pings;
mod program;
mod registry;
mod rendezvous;
mod sockets;
