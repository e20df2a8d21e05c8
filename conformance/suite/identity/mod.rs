//! The identity of a client, where a name is a UUID that the target knows, with an RSA key.
//!
//! The target must know an identity before a client can use it. With `--set rest=ADDR` this module registers it; with
//! `--set identities=FILE` it is registered already.

mod key;
mod listed;
mod rest;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

pub use key::Key;
pub use rest::Rest;

use crate::scenario::Scheme;

/// The setting with the address where identities are registered.
pub const REST: &str = "rest";

/// The setting with the file of registered identities.
pub const IDENTITIES: &str = "identities";

/// Time limit of one registration.
const REGISTRATION: Duration = Duration::from_secs(10);

/// A name and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The UUID in its usual text form.
    pub uuid: String,
    /// Its RSA key.
    pub key: Arc<Key>,
}

impl Identity {
    /// Returns the signature that proves the identity: over the bytes of its own name.
    pub fn signature(&self) -> Option<Vec<u8>> {
        let uuid = Uuid::try_parse(&self.uuid).ok()?;
        self.key.sign(uuid.as_bytes(), Scheme::Sha256)
    }
}

/// The source of identities.
#[derive(Debug)]
pub enum Source {
    /// No setting names a source.
    None,
    /// This module makes and registers them.
    Minted(Rest),
    /// They are registered already.
    Listed(Vec<Identity>),
}

impl Source {
    /// Returns the source that the settings describe.
    ///
    /// # Errors
    ///
    /// If the file cannot be used, or nothing answers at the REST address. The error is a sentence.
    pub fn of(settings: &BTreeMap<String, String>) -> Result<Source, String> {
        match (settings.get(REST), settings.get(IDENTITIES)) {
            (Some(address), _) => Ok(Source::Minted(Rest::at(address, REGISTRATION)?)),
            (None, Some(file)) => Ok(Source::Listed(listed::read(file)?)),
            (None, None) => Ok(Source::None),
        }
    }
}
