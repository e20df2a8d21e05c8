//! Accounts and identities: the data that must still exist after the process has ended. They are
//! stored in one SQLite database in a data directory.
//!
//! [`Store`] is the open database. [`Accounts`] has the logins and passwords, and [`Identities`]
//! has the UUIDs and public keys. The store contains no code for protocols or sockets. If a room
//! needs data from the store, it asks a question, and a worker's thread answers it. So neither a
//! slow disk nor the hashing of a password delays the room.
//!
//! # What it promises
//!
//! * When a write method returns, the data is on the disk. A write returns after the write-ahead
//!   log is synced (`synchronous=FULL`), so the write is not lost by `kill -9` or a power cut. A
//!   write that was interrupted has no effect.
//! * Another process may change the database at the same time, for example `matou account` while
//!   the server runs. So the server caches nothing: it answers every question from the database.
//! * The store does not open a database that is damaged or locked, that another program made, or
//!   that a newer version of this program made.
//! * Only Argon2id hashes of passwords are stored. Neither passwords nor hashes are ever shown.
//!
//! `schema.rs` has the tables and their older versions, and `directory.rs` finds the data directory
//! and the database. `password.rs` computes and checks the hashes, and `import.rs` has the file
//! format of account lists.

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
pub(crate) use directory::others_may;
pub use directory::{default_directory, exposed};
pub use error::StoreError;
pub use identities::{Identities, IdentityError};
pub use import::{AccountLine, BadLine, read_lines};
pub use password::{MAX_PASSWORD_BYTES, Password, PasswordRefused};
pub use public_key::{Forged, KeyRefused, MAX_KEY_BITS, MIN_KEY_BITS, PublicKey};

/// Maximum time for which an SQL statement waits while another process writes.
const BUSY: Duration = Duration::from_secs(3);

/// An open database. Clones of this value use the same open database.
#[derive(Debug, Clone)]
pub struct Store {
    path: Arc<Path>,
    /// This lock is held for single statements and short transactions, never while a password is
    /// hashed. No other lock is taken under it. A thread that holds this lock may wait for the
    /// disk. So only the workers, the threads of the registry, and the command line may take this
    /// lock.
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database of a data directory. If the directory or the database is missing, creates
    /// it with permissions for this user only.
    ///
    /// # Errors
    /// Fails when the directory or the database cannot be used.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        Store::read_and_write(directory::prepare(directory)?)
    }

    /// Opens the database of a data directory. Does not make a new database.
    ///
    /// # Errors
    /// Fails when the directory has no database, and in the cases of [`Store::open`].
    pub fn open_existing(directory: &Path) -> Result<Store, StoreError> {
        Store::read_and_write(directory::existing(directory)?)
    }

    /// Opens the database of a data directory only to read it. Needs no permission to write.
    ///
    /// # Errors
    /// Fails in the cases of [`Store::open_existing`].
    pub fn open_to_read(directory: &Path) -> Result<Store, StoreError> {
        let path = directory::existing(directory)?;
        let connection = open_to_read(&path).map_err(|cause| StoreError::new(&path, cause))?;
        schema::check(&connection, &path)?;
        Ok(Store::of(path, connection))
    }

    fn read_and_write(path: PathBuf) -> Result<Store, StoreError> {
        let failed = |cause| StoreError::new(&path, cause);
        if !directory::has_database(&path)? {
            directory::make(&path, |draft| {
                let mut new = open(draft).map_err(failed)?;
                schema::bring_up_to_date(&mut new, &path)
            })?;
        }
        let mut connection = open(&path).map_err(failed)?;
        // In WAL mode (with a write-ahead log), readers and the writer do not wait for each other.
        let wal = connection.pragma_update(None, "journal_mode", "WAL");
        wal.map_err(failed)?;
        schema::bring_up_to_date(&mut connection, &path)?;
        Ok(Store::of(path, connection))
    }

    fn of(path: PathBuf, connection: Connection) -> Store {
        Store {
            path: path.into(),
            connection: Arc::new(Mutex::new(connection)),
        }
    }

    /// Returns the path of the database file.
    pub fn path(&self) -> PathBuf {
        self.path.to_path_buf()
    }

    /// Calls `act` with the database. Blocks while another thread of this process uses the
    /// database, while another process writes (at most [`BUSY`]), and while this thread waits for
    /// the disk.
    fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.lock();
        act(&mut connection).map_err(|cause| StoreError::new(&self.path, cause))
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // SQLite's own mutex is not needed, because `Store` has one.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// Opens a database without writing. If this user has no write permission on the directory, SQLite
/// cannot read the write-ahead log. But if no such log exists, the database file alone contains all
/// data. Then the file is opened as *immutable*: SQLite assumes that no process changes the file.
fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    let tried = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    match (tried, path.to_str()) {
        (Ok(()), _) => Ok(connection),
        (Err(_), Some(name)) if !Path::new(&log).exists() => {
            let name = name
                .replace('%', "%25")
                .replace('?', "%3f")
                .replace('#', "%23");
            let uri = format!("file:{name}?immutable=1");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
        (Err(error), _) => Err(error),
    }
}
