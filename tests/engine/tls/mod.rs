//! Tests of a listener with TLS: it keeps the same promises as a listener without TLS, also in cases that only TLS has.
//! These tests use the room of the protocol Chaton.

mod client;
mod handshakes;
mod records;

use client::{SecureServer, TlsClient};
