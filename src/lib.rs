//! matou: a blocking, thread-per-connection chat server for small binary protocols, and a client to talk to it.
//!
//! # The floors
//!
//! Each may only look down; one step sideways is allowed: the document of `chatos_groupe2` is Chaton's with two commands
//! more, and so is its code.
//!
//! | floor | folder | what it knows |
//! |---|---|---|
//! | 0 | [`wire`] | bytes and fields; no protocol |
//! | 1 | [`room`] | what every room and every client's dialogue share; no socket, thread, lock or clock |
//! | 2 | [`chaton`], [`chatos_groupe2`], [`chatos_1_0`], [`chathack`], [`chatr`] | one folder per protocol: frames, the server's room, the client's half; as pure as floor 1 |
//! | 2 | [`store`] | what must outlive the process; no protocol, no socket |
//! | 3 | [`net`] | threads and sockets of the server; no protocol |
//! | 3 | [`rest`] | the registry of Chatr Connect over HTTP |
//! | 3 | [`client`] | the terminal program; no frame |
//! | 4 | [`cli`] | arguments become a plan, a plan is run |
//!
//! # What it promises
//!
//! * All clients of a listener see the broadcasts in one same order; what one client sends to another arrives in the order
//!   sent, broadcast or not; answers come in the order of the questions.
//! * A slow reader slows nobody; it is disconnected when it goes too far.
//! * What was queued for a client is written before its connection ends, whoever ends it.
//! * Whoever waits for something slow, such as the check of a password, waits alone.
//! * A tunnel relays every byte, and each of its directions ends on its own.
//! * Bytes that are no frame end the connection they came on, and no other.
//! * More connections than the machine can carry are refused in order.
//!
//! `tests/` has a file per promise. What is left out, and why, stands at the end of the README.

pub mod chathack;
pub mod chaton;
pub mod chatos_1_0;
pub mod chatos_groupe2;
pub mod chatr;
pub mod cli;
pub mod client;
pub mod net;
pub mod rest;
pub mod room;
pub mod store;
pub mod wire;
