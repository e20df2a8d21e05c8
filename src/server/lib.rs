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
//! | [`Server`] | a whole server: its [`Config`], how it runs, and its orderly stop |
//! | [`net`] | the engine: listeners, readers, the hub and its lock, the turn, outboxes, writers, tunnels, deadlines, limits |
//! | [`store`] | accounts and identities in one SQLite database; no socket and no protocol |
//! | [`rest`] | the registry of Chatr Connect over HTTP |
//!
//! # What it promises
//!
//! * All clients of a listener receive its broadcasts in the same order. If one client sends
//!   several messages to another, broadcast or private, the messages arrive in the order in which
//!   they were sent. The server answers the requests of a client in the order in which they
//!   arrived.
//! * A client that reads slowly delays no other client. The server disconnects a client when too
//!   many bytes are queued for it, or when the client reads too few of these bytes within a time
//!   limit.
//! * Before an orderly close, the server writes all bytes that are queued for the client, even if
//!   the client has already sent FIN.
//! * When one client waits for slow work, such as the check of its password, the other clients do
//!   not wait.
//! * A tunnel (a private connection that the server relays) loses no byte, and one of its
//!   directions can end while the other direction stays open.
//! * If a client sends bytes that are not a valid frame, only its own connection ends.
//! * If a client connects while the server has its maximum number of connections, the server
//!   accepts the new connection, closes it with FIN (not with a reset), and logs the refusal.
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
