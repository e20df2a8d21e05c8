//! Starts a server with faults.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::{fmt, io};

use matou_server::net::{CertificateError, Engine, ListenError, Service};

use crate::fault::Fault;
use crate::faulty::{Decoders, Faulty};
use crate::proxy::{self, Meddle};
use crate::room::Subject;

/// A server that is running. It stops when this value is dropped.
#[derive(Debug)]
pub struct Running {
    /// The address for clients, with the port that the system has chosen.
    pub address: SocketAddr,
    /// The settings that the suite needs to judge the server.
    pub settings: BTreeMap<String, String>,
    _service: Service,
}

/// Why a server could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The server cannot listen on its address.
    Listen(ListenError),
    /// The certificate of the servers with TLS cannot be made.
    Certificate(&'static CertificateError),
    /// The keys of the registered identities cannot be made.
    Identities(&'static io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Listen(error) => error.fmt(f),
            StartError::Certificate(error) => error.fmt(f),
            StartError::Identities(error) => write!(
                f,
                "cannot make the RSA keys for the identities of the suite chatr: {error}"
            ),
        }
    }
}

impl std::error::Error for StartError {}

impl From<ListenError> for StartError {
    fn from(error: ListenError) -> StartError {
        StartError::Listen(error)
    }
}

/// Starts a server with these faults: each may be in the room, in the decoder, or in the relay between the clients and the
/// server.
pub(crate) fn start<P: Subject>(
    faults: &[&Fault<P>],
    engine: &Engine,
    address: SocketAddr,
) -> Result<Running, StartError> {
    let room = Faulty::new(faults.iter().map(|fault| fault.layer()).collect());
    let layered = faults.iter().enumerate();
    let decoders = Decoders {
        codec: P::codec(),
        faulty: layered
            .filter_map(|(layer, fault)| Some((layer, fault.decoder()?)))
            .collect(),
    };
    let settings = P::settings()?;
    let meddles: Vec<Meddle> = faults.iter().filter_map(|fault| fault.meddle()).collect();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let own = if meddles.is_empty() { address } else { any };
    let service = P::listen(engine, room, decoders, own)?;
    // The clients connect to the last relay of the chain.
    let mut front = service.address();
    for (index, meddle) in meddles.iter().enumerate() {
        let is_last = index + 1 == meddles.len();
        let address = if is_last { address } else { any };
        let relay = proxy::listen(address, front, *meddle, P::opening);
        front = relay.map_err(|cause| ListenError { address, cause })?;
    }
    Ok(Running {
        address: front,
        settings,
        _service: service,
    })
}
