//! Reaching the server.
//!
//! | file | what is in it |
//! |---|---|
//! | `address.rs` | the address that a user writes: protocol, login, host and port |
//! | `connect.rs` | opens TCP connections, within a time limit |
//! | `trust.rs` | which certificates are trusted |
//! | `sealed.rs` | a link over TLS |
//! | `mod.rs` | [`Route`]: how to connect, at the start and after a lost connection |

pub(crate) mod address;
pub(crate) mod connect;
mod sealed;
pub(crate) mod trust;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use crate::ending::Ending;
use crate::link::Link;
use connect::LocalEnd;

/// How to connect to the server: at the start, and after a lost connection.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The local end of the connection.
    pub(crate) from: LocalEnd,
    /// The TLS configuration, for a server with TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// Time limit for connecting, including the TLS handshake.
    pub(crate) limit: Duration,
}

/// A connection to the server.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) link: Link,
    pub(crate) address: SocketAddr,
    pub(crate) own_address: SocketAddr,
}

impl Route {
    /// Connects. Blocks until the connection is open or has failed.
    pub(crate) fn connect(&self) -> io::Result<Reached> {
        let connection = connect::in_time(&self.host, self.port, self.from, self.limit)?;
        let (own_address, address) = connection.addresses()?;
        let link = match &self.tls {
            None => Link::start("server", connection.into_stream()?)?,
            Some(tls) => sealed::open(connection, &self.host, tls)?,
        };
        Ok(Reached {
            link,
            address,
            own_address,
        })
    }

    /// Returns the ending of a chat that cannot connect to the server.
    pub(crate) fn failed(&self, error: &io::Error) -> Ending {
        let (host, port) = (&self.host, self.port);
        let question = match error.kind() {
            // The server answered, but it is not trusted or does not use TLS. So the message does not ask the user to check
            // the address.
            io::ErrorKind::Other | io::ErrorKind::InvalidData => "",
            _ => "; check the address, and that the server is running",
        };
        Ending::Lost(format!(
            "cannot connect to {host} port {port}: {error}{question}"
        ))
    }

    /// Connects from the chosen local port, or from any port if the chosen port is not available. If the chosen port is not
    /// available, also returns the reason.
    pub(crate) fn connect_from_any_port(&self) -> io::Result<(Reached, Option<io::Error>)> {
        let error = match self.connect() {
            Err(error) if self.from.port.is_some() && is_about_the_local_end(&error) => error,
            outcome => return Ok((outcome?, None)),
        };
        let mut elsewhere = self.clone();
        elsewhere.from.port = None;
        Ok((elsewhere.connect()?, Some(error)))
    }
}

fn is_about_the_local_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::PermissionDenied
    )
}
