//! What must outlive the process: one SQLite database in a data directory, behind small types.
//!
//! [`Store`] is the open database, [`Accounts`] who may log in with which password,
//! [`Identities`] whose key is whose. The store knows no protocol and no socket;
//! a room reaches it only by questions that are answered on a worker's thread, so that neither a slow
//! disk nor a password's hash holds up a conversation.
//!
//! # What it promises
//!
//! * What was acknowledged is on the disk: a write returns after the write-ahead log is synced (`synchronous=FULL`), so
//!   neither `kill -9` nor a power cut loses it, and a write that was cut short never happened.
//! * Another process may change the database meanwhile (`matou account` beside a running server): every question is answered
//!   by the database, nothing is cached.
//! * A database that is damaged, locked, somebody else's or newer than this program is an error when it is opened.
//! * Passwords are kept as Argon2id hashes alone, and neither they nor their hashes are ever shown.
//!
//! `schema.rs` has the tables and their history, `directory.rs` where the database is, `password.rs` the hashes and
//! `import.rs` the file format of account lists.

mod accounts;
mod directory;
mod error;
mod identities;
mod import;
mod password;
mod public_key;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};

pub use accounts::{AccountError, Accounts, Existing, Imported, MAX_LOGIN_BYTES};
pub use directory::default_directory;
pub use error::StoreError;
pub use identities::{Identities, IdentityError};
pub use import::{AccountLine, BadLine, read_lines};
pub use password::{MAX_PASSWORD_BYTES, Password, PasswordRefused};
pub use public_key::{Forged, KeyRefused, MAX_KEY_BITS, MIN_KEY_BITS, PublicKey};

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(3);

/// An open database. A copy is another handle on the same one.
#[derive(Debug, Clone)]
pub struct Store {
    path: Arc<Path>,
    /// Held for single statements and short transactions, never while a password is hashed.
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database of a data directory; both are made when they are not there, for the eyes of this user alone.
    ///
    /// # Errors
    /// When the directory or the database cannot be used. Nothing is half open then.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        let path = directory::prepare(directory)?;
        let mut connection = open(&path).map_err(|cause| StoreError::new(&path, cause))?;
        schema::bring_up_to_date(&mut connection, &path)?;
        Ok(Store {
            path: path.into(),
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Opens the database of a data directory that has one already.
    ///
    /// # Errors
    /// When it has none, and as [`Store::open`].
    pub fn open_existing(directory: &Path) -> Result<Store, StoreError> {
        if directory::has_database(directory) {
            return Store::open(directory);
        }
        let path = directory.to_owned();
        Err(StoreError::Missing { path })
    }

    /// The database's file.
    pub fn path(&self) -> PathBuf {
        self.path.to_path_buf()
    }

    /// Does something with the database; nobody else of this process does meanwhile.
    fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.lock();
        act(&mut connection).map_err(|cause| StoreError::new(&self.path, cause))
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // The mutex of `Store` is all the locking that is needed within this process.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Readers and the one writer do not wait for each other.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}
