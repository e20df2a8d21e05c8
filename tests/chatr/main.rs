//! Chatr Connect, floor by floor: its packets as bytes, what its room does, written like conversations, the keys of other
//! programs, the registry over HTTP, and the program that serves it all.
//!
//! Where a room is tried nothing has a socket or waits for a clock: time passes when a test says so.

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
