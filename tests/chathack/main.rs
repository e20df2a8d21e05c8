//! Tests of ChatHack: the bytes of its packets, and the behaviour of its room, written as conversations.
//!
//! No test here has a socket, a database or a clock. Time passes only when a test says so. `script.rs` lists the accounts.

#[path = "../common/conversation.rs"]
mod conversation;
mod frames;
mod script;

mod chat;
mod codec;
mod invariants;
mod logins;
mod peers;
mod private_connections;
mod secrets;
mod time_limits;
