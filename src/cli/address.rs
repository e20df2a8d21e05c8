//! Addresses as people write them.

use std::net::{SocketAddr, ToSocketAddrs};

/// `127.0.0.1:7777`, `[::1]:7777`, `localhost:7777`.
///
/// # Errors
/// A sentence that says what to write instead.
pub(super) fn resolve(text: &str) -> Result<SocketAddr, String> {
    let example = "write it as 127.0.0.1:7777, [::]:7777 or localhost:7777";
    if !text.contains(':') {
        return Err(format!("the address {text:?} has no port; {example}"));
    }
    let mut found = text
        .to_socket_addrs()
        .map_err(|error| format!("{text:?} is not an address ({error}); {example}"))?;
    found
        .next()
        .ok_or_else(|| format!("{text:?} stands for no address; {example}"))
}
