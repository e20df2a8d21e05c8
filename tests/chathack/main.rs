//! ChatHack, floor by floor: its packets as bytes, and what its room does, written like conversations.
//!
//! Nothing here has a socket, a database or a clock: time passes when a test says so, and who has an account stands in
//! `script.rs`.

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
