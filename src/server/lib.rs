//! A blocking chat server: one thread for each connection, and one engine for all protocols.
//!
//! # In scope, and out of scope
//!
//! In scope: sockets, threads, time, the order in which bytes leave, data that outlives the
//! process, the registry over HTTP. Out of scope: what a frame means (that is `matou-protocols`),
//! arguments and log formats (that is the program `matou`).
//!
//! | module | what it knows |
//! |---|---|
//! | [`Server`] | the whole: a typed [`Config`], a running server, an orderly stop |
//! | [`net`] | the engine: listeners, readers, the hub and its lock, the turn, outboxes, writers, tunnels, deadlines, limits |
//! | [`store`] | accounts and identities in one SQLite database; no socket and no protocol |
//! | [`rest`] | the registry of Chatr Connect over HTTP |
//!
//! # What it promises
//!
//! * All clients of a listener receive broadcasts in the same order. What one client sends to
//!   another arrives in the order in which it was sent, broadcast or not. Answers arrive in the
//!   order of the questions.
//! * A slow reader delays no other client. The server disconnects it when its outbox is full or
//!   makes no progress.
//! * What was queued for a client is written before its connection ends, whichever side ends it.
//! * When a connection waits for something slow, such as the check of a password, no other
//!   connection waits.
//! * A tunnel relays every byte, and each of its directions ends on its own.
//! * Bytes that are not a frame end the connection they came on, and no other.
//! * Connections above the number that the machine can carry are accepted and closed in order, and
//!   logged.
//!
//! # Where to start reading
//!
//! [`net`] tells the life of a connection, of a message and of a deadline, thread by thread.

pub mod net;
pub mod rest;
mod serve;
pub mod store;

pub use serve::{
    ChatrOptions, Config, Listen, Listener, ProtocolOptions, Server, StartError, WrongSetting,
    check_process,
};
