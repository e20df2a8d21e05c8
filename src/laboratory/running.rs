//! Starts a server with a fault.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::{fmt, io};

use matou_server::net::{CertificateError, Engine, ListenError, Service};

use crate::proxy::{self, Meddle};
use crate::room::{Decode, Faulty, Handle, Subject, Utter};

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

/// Starts a server with a fault in its room, in its decoder, or in the relay between it and the clients.
pub(crate) fn start<P: Subject>(
    engine: &Engine,
    address: SocketAddr,
    decode: Decode<P>,
    (handle, utter): (Handle<P>, Utter<P>),
    meddle: Option<Meddle>,
) -> Result<Running, StartError> {
    let room = Faulty::<P>::new(handle, utter);
    let codec = (P::codec(), decode);
    let settings = P::settings()?;
    let (service, address) = match meddle {
        Some(meddle) => {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let service = P::listen(engine, room, codec, any)?;
            let relay = proxy::listen(address, service.address(), meddle, P::opening);
            let address = relay.map_err(|cause| ListenError { address, cause })?;
            (service, address)
        }
        None => {
            let service = P::listen(engine, room, codec, address)?;
            let address = service.address();
            (service, address)
        }
    };
    Ok(Running {
        address,
        settings,
        _service: service,
    })
}
