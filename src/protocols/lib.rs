//! Five chat protocols without IO: bytes go in, effects come out.
//!
//! Each protocol has three parts, and none of them does IO. The **codec** turns bytes into frames and frames into bytes. The
//! **room** is the server's half. It knows the connected clients, their names and the pending negotiations. It answers each
//! event with effects such as "send these bytes to every client". The **dialogue** is the client's half: it turns the user's
//! intents into frames for the server, and frames from the server into events that the client program shows.
//!
//! # In scope, and out of scope
//!
//! In scope: everything in a protocol's *document*, which is the text in which its authors describe the protocol. Out of
//! scope: sockets, threads, locks, clocks, files, randomness. The callers pass the time and random numbers as arguments. Two
//! files enforce this: `Cargo.toml` lists no crate for these things, and `.clippy.toml` forbids the types and functions of
//! the standard library that give access to them.
//!
//! # Floors
//!
//! The modules form layers, which are called floors. A module imports only from floors below its own. There is one
//! exception: the document of ChatOS Groupe 2 is Chaton's text plus two commands, so the module of ChatOS Groupe 2
//! imports from [`chaton`].
//!
//! | floor | module | what it knows |
//! |---|---|---|
//! | 0 | [`wire`] | bytes and fields: a cursor to read, a writer, big-endian integers |
//! | 1 | [`room`] | what all rooms share: the trait [`room::Protocol`], events, effects, names, requests, limits |
//! | 1 | [`dialogue`] | what all clients share: the trait [`dialogue::Dialogue`], intents, actions, events |
//! | 1 | [`setting`] | the options of a listener as data: name, help text, reference to the value |
//! | 2 | [`chaton`], [`chatos_groupe2`], [`chatos_1_0`], [`chathack`], [`chatr`] | one folder for each protocol |
//! | 3 | [`ProtocolName`] | the list of the protocols, with names and default ports |
//!
//! # Where to start reading
//!
//! Begin with [`chaton`], which is the model for the other protocols. `frames.rs` defines the packets of the document as
//! types, and `codec.rs` converts them to bytes and back. `room.rs` says what each command does, and `client.rs` is the
//! client's half. Then read [`room`] for the trait that all rooms implement.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![deny(clippy::disallowed_types)]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "a test may read the clock to get its first instant"
    )
)]

mod catalog;
pub mod chathack;
pub mod chaton;
pub mod chatos_1_0;
pub mod chatos_groupe2;
pub mod chatr;
pub mod dialogue;
pub mod room;
pub mod setting;
pub mod wire;

pub use catalog::{ProtocolName, UnknownProtocol};
