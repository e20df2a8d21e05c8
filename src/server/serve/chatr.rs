//! Starts Chatr Connect listeners with their certificate, and the registry over HTTP. Answers the
//! questions of their rooms about keys.

use std::net::SocketAddr;

use log::{error, info};
use matou_protocols::chatr::{Claim, Room, Verdict};

use super::listen::ChatrOptions;
use super::{Data, StartError, entropy};
use crate::net::{Certificate, ConnectionLimits, Engine, RequestService, Revoker, Service};
use crate::rest::{self, Registry};
use crate::store::{Identities, PublicKey};

/// The Chatr Connect listeners that were started.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    first: Option<(Certificate, rest::Options)>,
    revokers: Vec<Revoker>,
}

impl Listeners {
    /// Starts another listener.
    pub(super) fn start(
        &mut self,
        engine: &Engine,
        options: ChatrOptions,
        address: SocketAddr,
        limits: ConnectionLimits,
        data: &mut Data,
    ) -> Result<Service, StartError> {
        let identities = Identities::new(data.store()?);
        let certificate = certificate(&options, data)?;
        let mut registry = options.registry;
        registry.bound_loopback = limits.bound_loopback;
        let service = engine.listen_tls(
            Room::new(options.room, Box::new(entropy)),
            (),
            address,
            limits,
            move |claim| judge(&identities, &claim),
            &certificate,
        )?;
        self.revokers.push(service.revoker());
        self.first.get_or_insert((certificate, registry));
        Ok(service)
    }

    /// Starts the registry, with the certificate and the registry options of the first listener.
    pub(super) fn start_registry(
        self,
        address: SocketAddr,
        engine: &Engine,
        data: &mut Data,
    ) -> Result<RequestService, StartError> {
        let (certificate, options) = self.first.ok_or(StartError::RegistryWithoutChatr)?;
        let identities = Identities::new(data.store()?);
        let registry = Registry::new(&options, identities, &certificate, self.revokers);
        Ok(registry.listen(engine, address)?)
    }
}

/// Returns the certificate that the options name. If the options name no certificate, returns the
/// certificate in the data directory.
fn certificate(options: &ChatrOptions, data: &Data) -> Result<Certificate, StartError> {
    let certificate = match (&options.certificate, &options.key) {
        (Some(certificate), Some(key)) => Certificate::load(certificate, key)?,
        _ => Certificate::kept_in(&data.directory()?)?,
    };
    info!("chatr: certificate SHA-256 {}", certificate.fingerprint());
    Ok(certificate)
}

/// Checks with a signature that a client has the private key for its registered public key. Runs on
/// a worker's thread. If the UUID is not registered, this function still checks the signature, but
/// with a key that belongs to no client. So the answer always takes the same time, and a client
/// cannot learn from this time which UUIDs are registered.
fn judge(identities: &Identities, claim: &Claim) -> Verdict {
    let kept = match identities.find(claim.uuid) {
        Ok(kept) => kept,
        Err(error) => {
            error!("chatr: cannot verify a client: {error}");
            None
        }
    };
    let registered = kept.and_then(|der| PublicKey::from_der(&der).ok());
    let is_known = registered.is_some();
    let key = registered.unwrap_or_else(PublicKey::decoy);
    match key.verify(claim.uuid.as_bytes(), &claim.signature) {
        Ok(()) if is_known => Verdict::Verified,
        _ => Verdict::Refuted,
    }
}
