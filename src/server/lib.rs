//! A blocking chat server: one thread for each connection, and one engine for all protocols.
//!
//! # In scope, and out of scope
//!
//! In scope: sockets, threads, time, the order in which bytes are sent, stored data, and the
//! registry over HTTP. Out of scope: the meaning of frames, which is in the crate
//! `matou-protocols`; arguments and log formats, which are in the program `matou`.
//!
//! | module | what it contains |
//! |---|---|
//! | [`Server`] | a whole server: its [`Config`], how it runs, and how it stops in order |
//! | [`net`] | the engine: listeners, readers, the hub and its lock, the turn, outboxes, writers, tunnels, deadlines, limits |
//! | [`store`] | accounts and identities in one SQLite database; no socket and no protocol |
//! | [`rest`] | the registry of Chatr Connect over HTTP |
//!
//! # What it promises
//!
//! * All clients of a listener receive broadcasts in the same order. What one client sends to
//!   another arrives in the order in which it was sent, whether it was broadcast or not. Answers of
//!   the server arrive in the order of the requests.
//! * A slow reader delays no other client. The server disconnects it when its outbox is full, or
//!   when the client takes too few bytes.
//! * The bytes that are queued for a client are written before an orderly end of its connection,
//!   even if the client has already ended its own direction.
//! * When a connection waits for something slow, such as the check of a password, no other
//!   connection waits.
//! * A tunnel relays every byte, and one direction can end while the other direction goes on.
//! * Bytes that are not a valid frame end only the connection on which they arrived.
//! * If a client connects when the server has its maximum of connections, the server accepts the
//!   connection, closes it in order, and writes this to the log.
//!
//! # Where to start reading
//!
//! [`net`] describes the life of a connection, of a message and of a deadline, and which thread
//! does what.

pub mod net;
pub mod rest;
mod serve;
pub mod store;

pub use serve::{
    ChatrOptions, Config, Listen, Listener, ProtocolOptions, Server, StartError, WrongSetting,
    allowed_numbers, check_process,
};
