//! A listener inside TLS: everything that the engine promises holds there too, and the traps that TLS brings are stepped
//! over. The room is Chaton's: the engine does not care.

mod client;
mod handshakes;
mod records;

use client::{SecureServer, TlsClient};
