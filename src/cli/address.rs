//! Reads the addresses to listen on, in the form in which people write them.

use std::net::SocketAddr;

use matou_sockets::{HostPort, addresses};

/// Returns the address for a text such as `127.0.0.1:7777`, `[::1]:7777` or `localhost:7777`. A host name may have several
/// addresses: the server listens on the first address, and prints it in its line `listening`.
///
/// # Errors
/// Returns an explanation that shows the expected form.
pub(super) fn resolve(text: &str) -> Result<SocketAddr, String> {
    let example = "write it as 127.0.0.1:7777, [::]:7777 or localhost:7777";
    let wrong = |why: &dyn std::fmt::Display| format!("invalid address {text:?}: {why}; {example}");
    let HostPort { host, port } = text.parse().map_err(|why| wrong(&why))?;
    let port = port.ok_or_else(|| wrong(&"it has no port"))?;
    let found = addresses(&host, port).map_err(|why| wrong(&why))?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| wrong(&"it has no address"))
}
