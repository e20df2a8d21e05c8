//! What a listener of Chatr Connect needs around its room: a certificate, and somebody who looks into the store.

use std::error::Error;

use log::{error, info};

use super::data::Data;
use super::protocols::ChatrOptions;
use crate::chatr::{Claim, PublicKey, Verdict};
use crate::net::Certificate;
use crate::store::Identities;

/// The certificate that was named, or the one that is kept beside the database.
pub(super) fn certificate(
    options: &ChatrOptions,
    data: &Data,
) -> Result<Certificate, Box<dyn Error>> {
    let certificate = match &options.certificate {
        Some((certificate, key)) => Certificate::load(certificate, key)?,
        None => Certificate::kept_in(&data.directory()?)?,
    };
    info!("chatr: certificate SHA-256 {}", certificate.fingerprint());
    Ok(certificate)
}

/// Whether somebody is who they say to be. To find out that they are not takes as long when nobody is registered.
pub(super) fn judge(identities: &Identities, claim: &Claim) -> Verdict {
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
