//! Who a client is, where a name is a UUID that the target knows, and an RSA key.
//!
//! The target has to be told of an identity before anybody can be it. With `--set rest=ADDR` that is done here; with
//! `--set identities=FILE` a person has done it.

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

/// The setting that says where identities are registered.
pub const REST: &str = "rest";

/// The setting that says which file names registered ones.
pub const IDENTITIES: &str = "identities";

/// The longest that one registration takes.
const REGISTRATION: Duration = Duration::from_secs(10);

/// A name and the key that goes with it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// In its usual text form.
    pub uuid: String,
    /// Its RSA key.
    pub key: Arc<Key>,
}

impl Identity {
    /// With which it says that it is itself: over the bytes of its own name.
    pub fn signature(&self) -> Option<Vec<u8>> {
        let uuid = Uuid::try_parse(&self.uuid).ok()?;
        self.key.sign(uuid.as_bytes(), Scheme::Sha256)
    }
}

/// Where identities come from.
#[derive(Debug)]
pub enum Source {
    /// Nothing says where.
    None,
    /// They are made, and registered here.
    Minted(Rest),
    /// They are registered already.
    Listed(Vec<Identity>),
}

impl Source {
    /// As the settings say.
    ///
    /// # Errors
    ///
    /// A sentence, if the file cannot be used or nothing answers where identities are to be registered.
    pub fn of(settings: &BTreeMap<String, String>) -> Result<Source, String> {
        match (settings.get(REST), settings.get(IDENTITIES)) {
            (Some(address), _) => Ok(Source::Minted(Rest::at(address, REGISTRATION)?)),
            (None, Some(file)) => Ok(Source::Listed(listed::read(file)?)),
            (None, None) => Ok(Source::None),
        }
    }
}
