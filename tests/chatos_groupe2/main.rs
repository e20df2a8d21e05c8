//! Tests of ChatOS Groupe 2: the bytes of the two commands that it adds to Chaton, and the behaviour of its room. The tests
//! of Chaton's room also run here, because the document of Chaton is valid for this protocol, too.
//!
//! No test here has a socket or waits for a clock. Time passes only when a test says so.

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
