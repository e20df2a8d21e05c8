//! Tests of ChatOS Groupe 2: the bytes of its two commands and the behaviour of its room, and every conversation of Chaton,
//! because that document is also valid here.
//!
//! No test here has a socket or waits for a clock. Time passes when a test says so.

#[path = "../common/conversation.rs"]
mod conversation;
#[path = "../chaton/frames.rs"]
mod frames;
mod script;

#[path = "../chaton/chat.rs"]
mod chat;
mod closing;
mod codec;
#[path = "../chaton/departures.rs"]
mod departures;
#[path = "../chaton/framing.rs"]
mod framing;
#[path = "../chaton/identification.rs"]
mod identification;
#[path = "../chaton/invariants.rs"]
mod invariants;
#[path = "../chaton/negotiation.rs"]
mod negotiation;
#[path = "../chaton/time_limits.rs"]
mod time_limits;
#[path = "../chaton/tunnels.rs"]
mod tunnels;
