use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::str::FromStr;
use std::time::Duration;

/// How this client listens for peers that connect to it.
#[derive(Debug, Clone)]
pub struct DirectOptions {
    /// The address that the client tells its peers. By default, the local address of the connection to the server.
    pub address: Option<IpAddr>,
    /// The ports to try.
    pub ports: Ports,
    /// How long a peer may take to connect.
    pub wait: Duration,
}

/// A port, or a range of consecutive ports. Port 0 means any free port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ports {
    first: u16,
    last: u16,
}

/// The text is neither a port nor a range of ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortsError;

impl fmt::Display for PortsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write a port, such as 40000, or a range, such as 40000-40100")
    }
}

impl std::error::Error for PortsError {}

impl FromStr for Ports {
    type Err = PortsError;

    fn from_str(text: &str) -> Result<Ports, PortsError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let ports = Ports {
            first: first.parse().map_err(|_| PortsError)?,
            last: last.parse().map_err(|_| PortsError)?,
        };
        let any = Ports::default();
        let in_order = ports.first > 0 && ports.first <= ports.last;
        if in_order || ports == any {
            Ok(ports)
        } else {
            Err(PortsError)
        }
    }
}

impl DirectOptions {
    /// Opens a listener. Returns the listener, and the address that this client tells its peers.
    ///
    /// # Errors
    /// Fails if none of the ports is free.
    pub(super) fn listen(
        &self,
        towards_server: SocketAddr,
    ) -> io::Result<(TcpListener, SocketAddr)> {
        let mut place = towards_server;
        if let Some(address) = self.address
            && address != towards_server.ip()
        {
            place = SocketAddr::new(address, 0);
        }
        let listener = match self.bind(place) {
            // The address for peers does not belong to this machine, so it must belong to a machine (such as a router) that
            // forwards connections to this machine. So this client listens on all of its own addresses.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                self.bind(everywhere(place))
            }
            outcome => outcome,
        }?;
        let port = listener.local_addr()?.port();
        Ok((listener, SocketAddr::new(place.ip().to_canonical(), port)))
    }

    fn bind(&self, mut place: SocketAddr) -> io::Result<TcpListener> {
        let mut outcome = Err(io::ErrorKind::AddrInUse.into());
        for port in self.ports.first..=self.ports.last {
            place.set_port(port);
            outcome = TcpListener::bind(place);
            let in_use = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
            if !outcome.as_ref().is_err_and(in_use) {
                return outcome;
            }
        }
        outcome
    }
}

fn everywhere(place: SocketAddr) -> SocketAddr {
    let address: IpAddr = match place {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(address, place.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("40000", Ok(Ports { first: 40000, last: 40000 }))]
    #[case("40000-40100", Ok(Ports { first: 40000, last: 40100 }))]
    #[case("0", Ok(Ports::default()))]
    #[case("40100-40000", Err(PortsError))]
    #[case("0-5", Err(PortsError))]
    #[case("65536", Err(PortsError))]
    #[case("-", Err(PortsError))]
    fn ports_are_one_or_a_range(#[case] text: &str, #[case] ports: Result<Ports, PortsError>) {
        assert_eq!(text.parse(), ports);
    }

    fn options(address: Option<&str>, ports: Ports) -> DirectOptions {
        DirectOptions {
            address: address.map(|address| address.parse().unwrap()),
            ports,
            wait: Duration::from_secs(1),
        }
    }

    fn loopback() -> SocketAddr {
        "127.0.0.1:7780".parse().unwrap()
    }

    #[test]
    fn peers_are_told_the_local_address_of_the_connection_to_the_server() {
        let options = options(None, Ports::default());
        let (listener, told) = options.listen(loopback()).unwrap();
        assert_eq!(listener.local_addr().unwrap(), told);
        assert_eq!(told.ip(), loopback().ip());
    }

    #[test]
    fn an_address_of_another_machine_is_told_and_the_listener_is_on_every_address() {
        let options = options(Some("203.0.113.9"), Ports::default());
        let (listener, told) = options.listen(loopback()).unwrap();
        let own = listener.local_addr().unwrap();
        assert!(own.ip().is_unspecified());
        assert_eq!(
            told,
            SocketAddr::new("203.0.113.9".parse().unwrap(), own.port())
        );
    }

    #[test]
    fn a_port_in_use_is_skipped() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let only = Ports {
            first: port,
            last: port,
        };
        let error = options(None, only).listen(loopback()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
