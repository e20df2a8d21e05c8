use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::directory;

/// Why the store cannot be used.
#[derive(Debug)]
pub enum StoreError {
    /// The system does not know the user's home directory.
    NoHome,
    /// The data directory or a file in it cannot be made or used.
    Directory {
        /// The directory or file.
        path: PathBuf,
        /// The error that the system returned.
        cause: io::Error,
    },
    /// The directory has no database.
    Missing {
        /// The data directory.
        path: PathBuf,
    },
    /// Another process has locked the database.
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The file is damaged, or it is not a SQLite database.
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong with the database.
        what: String,
    },
    /// The file is a database of another program.
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// A newer version of this program has written the database.
    Newer {
        /// The database.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The newest version that this program can use.
        known: i64,
    },
    /// The system does not let this program write. For example, the disk is full, the file system
    /// is read-only, or another user owns the file.
    Unwritable {
        /// The database, or its directory.
        path: PathBuf,
        /// The error that the system returned.
        cause: io::Error,
    },
    /// Any other error.
    Failed {
        /// The database.
        path: PathBuf,
        /// The error that SQLite returned.
        cause: rusqlite::Error,
    },
}

impl StoreError {
    /// Makes an error from an error of SQLite. Two errors get different variants if the user must
    /// do different things about them.
    pub(super) fn new(path: &Path, cause: rusqlite::Error) -> StoreError {
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Unwritable {
                path,
                cause: io::ErrorKind::StorageFull.into(),
            },
            // SQLite reports "unable to open" or "disk I/O error" for many causes. `obstacle` asks
            // the system for the actual cause.
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure,
            ) => match directory::obstacle(&path) {
                Some((path, cause)) => StoreError::Unwritable { path, cause },
                None => StoreError::Failed { path, cause },
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::Locked { path }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged {
                path,
                what: cause.to_string(),
            },
            _ => StoreError::Failed { path, cause },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::NoHome => {
                f.write_str("no home directory is set; name a data directory with --data DIR")
            }
            StoreError::Directory { path, cause } => {
                write!(
                    f,
                    "cannot store data in {}: {cause}; name another directory with --data DIR",
                    path.display()
                )
            }
            StoreError::Missing { path } => write!(
                f,
                "the data directory {} has no database; name another directory with --data DIR, or add the first account",
                path.display()
            ),
            StoreError::Locked { path } => write!(
                f,
                "the database {} is locked by another program; end that program and try again",
                path.display()
            ),
            StoreError::Damaged { path, what } => write!(
                f,
                "the database {} is damaged ({what}); restore it from a backup, or move it to another directory to begin with an empty database",
                path.display()
            ),
            StoreError::Foreign { path } => write!(
                f,
                "the database {} was made by another program; name another directory with --data DIR",
                path.display()
            ),
            StoreError::Newer { path, found, known } => write!(
                f,
                "the database {} has version {found}, but this version of matou supports versions up to {known}; use a newer matou",
                path.display()
            ),
            StoreError::Unwritable { path, cause } => {
                let remedy = match cause.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        "free some space and try again"
                    }
                    io::ErrorKind::PermissionDenied => {
                        "run matou as the user that owns this path, or name another directory with --data DIR"
                    }
                    _ => "name another directory with --data DIR",
                };
                write!(f, "cannot write {}: {cause}; {remedy}", path.display())
            }
            StoreError::Failed { path, cause } => {
                write!(f, "the database {} cannot be used: {cause}", path.display())
            }
        }
    }
}

impl std::error::Error for StoreError {}
