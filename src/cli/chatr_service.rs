//! What listeners of Chatr Connect need around their rooms: a certificate, somebody who looks into the store, and the
//! registry over HTTP.

use std::error::Error;
use std::net::SocketAddr;

use log::{error, info};

use super::config::Listen;
use super::data::Data;
use super::protocols::ChatrOptions;
use matou_protocols::chatr::{Claim, Room, Verdict};
use matou_protocols::room::Entropy;
use matou_server::net::{Certificate, Engine, RequestService, Revoker, Service};
use matou_server::rest::{self, Registry};
use matou_server::store::{Identities, PublicKey};

/// The listeners of Chatr Connect that were started.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    first: Option<(Certificate, rest::Options)>,
    revokers: Vec<Revoker>,
}

impl Listeners {
    /// Starts one more.
    pub(super) fn start(
        &mut self,
        listen: &Listen,
        options: &ChatrOptions,
        engine: &Engine,
        data: &Data,
        entropy: Entropy,
    ) -> Result<Service, Box<dyn Error>> {
        let identities = Identities::new(data.store()?);
        let certificate = certificate(options, data)?;
        let service = engine.listen_tls(
            Room::new(options.room, entropy),
            (),
            listen.address,
            listen.limits.clone(),
            move |claim| judge(&identities, &claim),
            &certificate,
        )?;
        self.revokers.push(service.revoker());
        self.first
            .get_or_insert_with(|| (certificate, options.registry.clone()));
        Ok(service)
    }

    /// Starts the registry: it shows the certificate of the first listener, and has its options.
    pub(super) fn start_registry(
        self,
        address: SocketAddr,
        engine: &Engine,
        data: &Data,
    ) -> Result<RequestService, Box<dyn Error>> {
        let Some((certificate, options)) = self.first else {
            return Err("--rest is the registry of chatr, which is not served; add --listen chatr=127.0.0.1:7781".into());
        };
        let identities = Identities::new(data.store()?);
        let registry = Registry::new(&options, identities, &certificate, self.revokers);
        Ok(registry.listen(engine, address)?)
    }
}

/// The certificate that was named, or the one that is kept beside the database.
fn certificate(options: &ChatrOptions, data: &Data) -> Result<Certificate, Box<dyn Error>> {
    let certificate = match &options.certificate {
        Some((certificate, key)) => Certificate::load(certificate, key)?,
        None => Certificate::kept_in(&data.directory()?)?,
    };
    info!("chatr: certificate SHA-256 {}", certificate.fingerprint());
    Ok(certificate)
}

/// Whether somebody is who they say to be. To find out that they are not takes as long when nobody is registered.
fn judge(identities: &Identities, claim: &Claim) -> Verdict {
    let kept = match identities.find(claim.uuid) {
        Ok(kept) => kept,
        Err(error) => {
            error!("chatr: nobody can be verified: {error}");
            None
        }
    };
    let registered = kept.and_then(|der| PublicKey::from_der(&der).ok());
    let is_known = registered.is_some();
    let key = registered.unwrap_or_else(PublicKey::of_nobody);
    match key.verify(claim.uuid.as_bytes(), &claim.signature) {
        Ok(()) if is_known => Verdict::Verified,
        _ => Verdict::Refuted,
    }
}
