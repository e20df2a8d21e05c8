//! Accounts and identities: what must outlive the process, in one SQLite database in a data
//! directory.
//!
//! [`Store`] is the open database, [`Accounts`] has the logins and passwords, [`Identities`] the
//! UUIDs and public keys. The store knows no protocol and no socket. A room reaches it only by
//! questions, which a worker's thread answers. So neither a slow disk nor the hash of a password
//! delays a conversation.
//!
//! # What it promises
//!
//! * What was acknowledged is on the disk. A write returns after the write-ahead log is synced
//!   (`synchronous=FULL`), so neither `kill -9` nor a power cut loses it. A write that was
//!   interrupted has no effect.
//! * Another process may change the database at the same time (`matou account` beside a running
//!   server). Every question is answered by the database; nothing is cached.
//! * A database that is damaged, locked, of another program, or newer than this program is an error
//!   when it is opened.
//! * Passwords are kept as Argon2id hashes only. Neither passwords nor hashes are ever shown.
//!
//! `schema.rs` has the tables and their history, `directory.rs` the place of the database,
//! `password.rs` the hashes, and `import.rs` the file format of account lists.

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

/// Maximum time for which a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(3);

/// An open database. A clone is another handle on the same database.
#[derive(Debug, Clone)]
pub struct Store {
    path: Arc<Path>,
    /// Locked for single statements and short transactions, never while a password is hashed. No
    /// other lock is taken under it. It is held across the disk, so only workers, the registry and
    /// the command line may wait for it.
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database of a data directory. Makes both if they are missing, readable by this
    /// user only.
    ///
    /// # Errors
    /// When the directory or the database cannot be used.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        let path = directory::prepare(directory)?;
        let mut connection = open(&path).map_err(|cause| StoreError::new(&path, cause))?;
        schema::bring_up_to_date(&mut connection, &path)?;
        Ok(Store {
            path: path.into(),
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Opens the database of a data directory that must have one already.
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

    /// The path of the database file.
    pub fn path(&self) -> PathBuf {
        self.path.to_path_buf()
    }

    /// Does something with the database. Blocks while another thread of this process uses it.
    fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.lock();
        act(&mut connection).map_err(|cause| StoreError::new(&self.path, cause))
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // SQLite's own mutex is not needed: `Store` has one.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Readers and the one writer do not wait for each other.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}
