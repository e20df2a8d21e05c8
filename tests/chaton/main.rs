//! Tests of Chaton: the bytes of its frames, and the behaviour of its room, written as conversations.
//!
//! No test here has a socket or waits for a clock. Time passes only when a test says so.

#[path = "../common/conversation.rs"]
mod conversation;
mod frames;
mod script;

mod chat;
mod codec;
mod departures;
mod framing;
mod identification;
mod invariants;
mod negotiation;
mod time_limits;
mod tunnels;
