//! Tests of a listener with TLS: the engine keeps its promises there too, also in the special cases of TLS. The room is
//! Chaton's.

mod client;
mod handshakes;
mod records;

use client::{SecureServer, TlsClient};
