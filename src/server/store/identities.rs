use std::fmt;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{Store, StoreError};

/// The identities: UUIDs and their public keys. This file does not check keys: here a key is just a
/// sequence of bytes. [`PublicKey`](super::PublicKey) checks keys.
#[derive(Debug, Clone)]
pub struct Identities {
    store: Store,
}

/// Why an identity was not changed.
#[derive(Debug)]
pub enum IdentityError {
    /// An identity with this UUID exists already.
    Exists(Uuid),
    /// No identity has this UUID, or the identity has another key.
    Unknown(Uuid),
    /// The maximum number of identities is registered already.
    Full {
        /// The maximum.
        most: u64,
    },
    /// The database cannot be used.
    Store(StoreError),
}

impl Identities {
    /// Returns the identities of a store.
    pub fn new(store: &Store) -> Identities {
        Identities {
            store: store.clone(),
        }
    }

    /// Adds an identity, if fewer than `most` exist.
    ///
    /// # Errors
    /// Fails when an identity with this UUID exists, when `most` identities exist, or when the
    /// database cannot be written.
    pub fn register(&self, uuid: Uuid, key: &[u8], most: u64) -> Result<(), IdentityError> {
        let written = self
            .store
            .with(|database| insert(database, uuid, key, most))?;
        if written > 0 {
            return Ok(());
        }
        match self.find(uuid)? {
            Some(_) => Err(IdentityError::Exists(uuid)),
            None => Err(IdentityError::Full { most }),
        }
    }

    /// If the identity still has the old key, replaces it with the new key.
    ///
    /// # Errors
    /// Fails when no identity has this UUID and the old key, or when the database cannot be
    /// written.
    pub fn replace(&self, uuid: Uuid, old: &[u8], new: &[u8]) -> Result<(), IdentityError> {
        let replace = "UPDATE identities SET key = ?3 WHERE uuid = ?1 AND key = ?2";
        let values = params![uuid.as_bytes().as_slice(), old, new];
        match self
            .store
            .with(|database| database.execute(replace, values))?
        {
            0 => Err(IdentityError::Unknown(uuid)),
            _ => Ok(()),
        }
    }

    /// Removes an identity. A client that is connected with this identity stays connected.
    ///
    /// # Errors
    /// Fails when no identity has this UUID, or when the database cannot be written.
    pub fn remove(&self, uuid: Uuid) -> Result<(), IdentityError> {
        let remove = "DELETE FROM identities WHERE uuid = ?1";
        let values = params![uuid.as_bytes().as_slice()];
        match self
            .store
            .with(|database| database.execute(remove, values))?
        {
            0 => Err(IdentityError::Unknown(uuid)),
            _ => Ok(()),
        }
    }

    /// Returns the key of an identity, or `None` when no identity has this UUID.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn find(&self, uuid: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.with(|database| {
            let select = "SELECT key FROM identities WHERE uuid = ?1";
            let values = params![uuid.as_bytes().as_slice()];
            database
                .query_row(select, values, |row| row.get(0))
                .optional()
        })
    }

    /// Returns the UUIDs of all identities, sorted.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn uuids(&self) -> Result<Vec<Uuid>, StoreError> {
        self.store.with(|database| {
            let mut statement = database.prepare("SELECT uuid FROM identities ORDER BY uuid")?;
            let uuids = statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?;
            uuids.collect()
        })
    }
}

fn insert(database: &Connection, uuid: Uuid, key: &[u8], most: u64) -> rusqlite::Result<usize> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    database.execute(
        "INSERT INTO identities (uuid, key)
         SELECT ?1, ?2 WHERE (SELECT count(*) FROM identities) < ?3
         ON CONFLICT DO NOTHING",
        params![uuid.as_bytes().as_slice(), key, most],
    )
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> IdentityError {
        IdentityError::Store(error)
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdentityError::Exists(uuid) => write!(f, "{uuid} is registered already"),
            IdentityError::Unknown(uuid) => write!(f, "{uuid} is not registered"),
            IdentityError::Full { most } => {
                write!(
                    f,
                    "{most} identities are already registered, which is the maximum"
                )
            }
            IdentityError::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for IdentityError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn identities() -> (tempfile::TempDir, Identities) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        (directory, Identities::new(&store))
    }

    #[test]
    fn a_uuid_has_one_key_until_it_is_replaced_with_the_old_one_at_hand() {
        let (_directory, identities) = identities();
        let uuid = Uuid::from_u128(1);
        identities.register(uuid, b"old", 10).unwrap();
        assert!(matches!(
            identities.register(uuid, b"new", 10),
            Err(IdentityError::Exists(found)) if found == uuid
        ));
        assert!(matches!(
            identities.replace(uuid, b"other", b"new"),
            Err(IdentityError::Unknown(_))
        ));
        assert_eq!(identities.find(uuid).unwrap().as_deref(), Some(&b"old"[..]));
        identities.replace(uuid, b"old", b"new").unwrap();
        assert_eq!(identities.find(uuid).unwrap().as_deref(), Some(&b"new"[..]));
        identities.remove(uuid).unwrap();
        assert_eq!(identities.find(uuid).unwrap(), None);
        assert!(identities.remove(uuid).is_err());
    }

    #[test]
    fn no_more_than_the_maximum_is_registered() {
        let (_directory, identities) = identities();
        let [one, two, three] = [3, 1, 2].map(Uuid::from_u128);
        identities.register(one, b"key", 2).unwrap();
        identities.register(two, b"key", 2).unwrap();
        let told = identities.register(three, b"key", 2).unwrap_err();
        assert!(matches!(told, IdentityError::Full { most: 2 }));
        assert!(matches!(
            identities.register(one, b"key", 2),
            Err(IdentityError::Exists(_))
        ));
        assert_eq!(identities.uuids().unwrap(), [two, one]);
    }
}
