//! ChatOS 1.0, floor by floor: its packets as bytes, and what its room does, written like conversations.
//!
//! Nothing here has a socket or waits for a clock: time passes when a test says so.

#[path = "../common/conversation.rs"]
mod conversation;
mod frames;
mod script;

mod chat;
mod codec;
mod departures;
mod identification;
mod invariants;
mod negotiation;
mod time_limits;
mod tunnels;
