//! Addresses as people write them.

use std::net::{SocketAddr, ToSocketAddrs};

/// The first address of the name; the others are most often the same server in another family.
pub(super) fn resolve(target: &str) -> Result<SocketAddr, String> {
    let mut addresses = target.to_socket_addrs().map_err(|error| {
        format!("{target:?} is no address: {error}; write HOST:PORT, such as 127.0.0.1:7777")
    })?;
    addresses
        .next()
        .ok_or_else(|| format!("{target:?} has no address"))
}
