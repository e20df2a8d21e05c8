//! The identities of clients, in protocols in which a client's name is a UUID with an RSA key that the target knows.
//!
//! The target must know an identity before a client can use it. With `--set rest=ADDR` this module registers identities;
//! with `--set identities=FILE` the identities in the file must be registered already.

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

/// The name of the setting for the address where identities are registered.
pub const REST: &str = "rest";

/// The name of the setting for the file of registered identities.
pub const IDENTITIES: &str = "identities";

/// Time limit of one registration.
const REGISTRATION: Duration = Duration::from_secs(10);

/// A name and its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The UUID in its usual text form.
    pub uuid: String,
    /// The RSA key of the client.
    pub key: Arc<Key>,
}

impl Identity {
    /// Returns the signature that proves the identity. The signed bytes are the UUID.
    pub fn signature(&self) -> Option<Vec<u8>> {
        let uuid = Uuid::try_parse(&self.uuid).ok()?;
        self.key.sign(uuid.as_bytes(), Scheme::Sha256)
    }
}

/// The source of identities.
#[derive(Debug)]
pub enum Source {
    /// There are no identities, because no setting names a source.
    None,
    /// This module makes identities and registers them.
    Minted(Rest),
    /// These identities are registered already.
    Listed(Vec<Identity>),
}

impl Source {
    /// Returns the source that the settings describe.
    ///
    /// # Errors
    ///
    /// Fails if the file of identities cannot be used, or if no connection to the REST address can be opened. The error is a
    /// text for people.
    pub fn of(settings: &BTreeMap<String, String>) -> Result<Source, String> {
        match (settings.get(REST), settings.get(IDENTITIES)) {
            (Some(address), _) => Ok(Source::Minted(Rest::at(address, REGISTRATION)?)),
            (None, Some(file)) => Ok(Source::Listed(listed::read(file)?)),
            (None, None) => Ok(Source::None),
        }
    }
}
