use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::link::Link;
use super::sealed;
use super::{Ending, connect};

/// How to connect to the server: at the start, and after a lost connection.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) host: String,
    pub(super) port: u16,
    /// The local end of the connection.
    pub(super) from: LocalEnd,
    /// The TLS configuration, for a server with TLS.
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// Time limit for everything together.
    pub(super) limit: Duration,
}

/// The local end of a connection, as far as the user chose it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LocalEnd {
    pub(super) ip: Option<IpAddr>,
    pub(super) port: Option<u16>,
}

/// A connection to the server.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) link: Link,
    pub(super) address: SocketAddr,
    pub(super) own_address: SocketAddr,
}

impl Route {
    /// Connects. Blocks until the connection is open or has failed.
    pub(super) fn connect(&self) -> io::Result<Reached> {
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

    /// Returns the ending for a failure to connect.
    pub(super) fn failed(&self, error: &io::Error) -> Ending {
        let (host, port) = (&self.host, self.port);
        let question = match error.kind() {
            // The server answered, but it is not trusted or does not speak TLS.
            io::ErrorKind::Other | io::ErrorKind::InvalidData => "",
            _ => "; check the address, and that the server is running",
        };
        Ending::Lost(format!(
            "cannot connect to {host} port {port}: {error}{question}"
        ))
    }

    /// Connects from the chosen local port, or from any port if the chosen one is not available. Then it returns the reason too.
    pub(super) fn connect_from_any_port(&self) -> io::Result<(Reached, Option<io::Error>)> {
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
