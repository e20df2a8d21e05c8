//! Tests that a listener with TLS keeps the same promises as a listener without TLS, also in situations that exist only with
//! TLS. These tests use the room of the protocol Chaton.

mod client;
mod handshakes;
mod records;

use client::{SecureServer, TlsClient};
