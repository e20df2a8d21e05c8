use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::link::Link;
use super::sealed;
use super::{Ending, connect};

/// How the server is reached: the first time, and after a loss again.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) host: String,
    pub(super) port: u16,
    /// Where the connection comes from.
    pub(super) from: From,
    /// For a server that is inside TLS.
    pub(super) tls: Option<Arc<ClientConfig>>,
    /// For all of it.
    pub(super) limit: Duration,
}

/// Our end of a connection, as far as we choose it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct From {
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

impl Way {
    /// Connects, and blocks as long.
    pub(super) fn go(&self) -> io::Result<Reached> {
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

    /// The ending when it fails.
    pub(super) fn failed(&self, error: &io::Error) -> Ending {
        let (host, port) = (&self.host, self.port);
        let question = match error.kind() {
            // It is there and was not trusted, or does not speak TLS.
            io::ErrorKind::Other | io::ErrorKind::InvalidData => "",
            _ => "; check the address, and that the server is running",
        };
        Ending::Lost(format!(
            "cannot connect to {host} port {port}: {error}{question}"
        ))
    }

    /// Connects from the port that was chosen; when it cannot be had, from any other, and then says why.
    pub(super) fn go_from_somewhere(&self) -> io::Result<(Reached, Option<io::Error>)> {
        let error = match self.go() {
            Err(error) if self.from.port.is_some() && is_about_our_end(&error) => error,
            outcome => return Ok((outcome?, None)),
        };
        let mut elsewhere = self.clone();
        elsewhere.from.port = None;
        Ok((elsewhere.go()?, Some(error)))
    }
}

fn is_about_our_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::PermissionDenied
    )
}
