//! The modules that the tested files use. The folders have the same names as in the server, because the files contain paths
//! with these names.

#![allow(
    dead_code,
    reason = "the files under test have more users in the server than here"
)]

mod bounds;
mod connection;
mod hub_model;
mod outbox_model;
mod questions;
mod sending;
mod sync;
mod sys;
mod time;
mod tls;

#[path = "../../../src/server/net/hub.rs"]
mod hub;
