//! The data directory and the database file in it. Only the user who runs the program may read
//! them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use etcetera::BaseStrategy;

use super::StoreError;

const DATABASE: &str = "matou.db";

/// Returns the default data directory: the directory `matou` in the system's directory for the
/// user's data, such as `~/.local/share/matou`.
///
/// # Errors
/// Fails when the user has no home directory.
pub fn default_directory() -> Result<PathBuf, StoreError> {
    let places = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
    Ok(places.data_dir().join("matou"))
}

/// The smallest possible size of a database in bytes: the smallest page of SQLite.
const LEAST_BYTES: u64 = 512;

/// Makes the directory if it is missing, and returns the path of the database.
pub(super) fn prepare(directory: &Path) -> Result<PathBuf, StoreError> {
    make_directory(directory).map_err(|cause| StoreError::Directory {
        path: directory.to_owned(),
        cause,
    })?;
    Ok(directory.join(DATABASE))
}

/// Returns the path of the database in a directory that must already contain a database.
pub(super) fn existing(directory: &Path) -> Result<PathBuf, StoreError> {
    let path = directory.join(DATABASE);
    match has_database(&path)? {
        true => Ok(path),
        false => Err(StoreError::Missing {
            path: directory.to_owned(),
        }),
    }
}

/// Returns true when the file exists, and false when there is no file.
///
/// Returns an error for a file that is too short for a database. Such a file must have been
/// truncated after it was made, because a new database gets this name only when it is complete. If
/// the program treated the file as a new database, all accounts would be lost without an error.
pub(super) fn has_database(path: &Path) -> Result<bool, StoreError> {
    let failed = |cause| StoreError::Directory {
        path: path.to_owned(),
        cause,
    };
    match fs::metadata(path) {
        // A FIFO, for example, is not accepted: opening it would block until another program opens
        // it.
        Ok(found) if !found.is_file() => Err(failed(io::Error::other("it is not a regular file"))),
        Ok(found) if found.len() < LEAST_BYTES => Err(StoreError::Damaged {
            path: path.to_owned(),
            what: format!("it has only {} bytes", found.len()),
        }),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Makes a database: `fill` writes the tables into a new file. This file gets the final name of the
/// database only when it is complete. If two processes make a database at the same time, the
/// database of the first process stays and both use it.
pub(super) fn make(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |cause| StoreError::Directory {
        path: path.to_owned(),
        cause,
    };
    let draft = draft(path);
    // The file is made with the right permissions before SQLite opens it. SQLite gives its other
    // files the same permissions.
    make_file(&draft).map_err(failed)?;
    let kept = fill(&draft).and_then(|()| keep(&draft, path).map_err(failed));
    let _ = fs::remove_file(&draft);
    kept
}

/// Returns a temporary name for a new database. No other thread or process uses this name.
fn draft(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{number}.new", std::process::id()))
}

fn keep(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // The file system may not support hard links. Then the file is renamed instead.
        Err(_) => fs::rename(draft, path)?,
    }
    path.parent().map_or(Ok(()), keep_entry)
}

/// Finds out why this program cannot write the database. For example, the disk is full, the file
/// system is read-only, or another user owns the file or the directory. Returns the path that
/// cannot be written and the system's error, or `None` if writing works.
pub(super) fn obstacle(path: &Path) -> Option<(PathBuf, io::Error)> {
    if let Err(error) = OpenOptions::new().read(true).write(true).open(path) {
        return Some((path.to_owned(), error));
    }
    // SQLite makes other files in the same directory. So this function also tests whether a file
    // can be made and written there.
    let probe = draft(path);
    let tried = make_file(&probe).and_then(|()| {
        let mut file = OpenOptions::new().write(true).open(&probe)?;
        file.write_all(&[0; 64 << 10])?;
        file.sync_all()
    });
    let _ = fs::remove_file(&probe);
    let directory = path.parent().unwrap_or(path).to_owned();
    tried.err().map(|error| (directory, error))
}

/// Returns a message if other users have write permission on the data directory or on the database
/// in it.
pub fn exposed(directory: &Path) -> Option<String> {
    let database = directory.join(DATABASE);
    let found = [directory, &database]
        .into_iter()
        .find(|path| others_may(path, 0o022))?;
    let shown = found.display();
    Some(format!(
        "other users may change {shown}, and with it all accounts and keys; run: chmod go-w {shown}"
    ))
}

/// Returns true when the permissions of a file contain one of these bits.
#[cfg(unix)]
pub(crate) fn others_may(path: &Path, bits: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & bits != 0)
}

/// Returns false: on other systems files have no such permissions.
#[cfg(not(unix))]
pub(crate) fn others_may(_: &Path, _: u32) -> bool {
    false
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Makes a file that only this user can read.
fn make_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Writes the directory to the disk. Without this step, a new file can be lost in a power cut.
fn keep_entry(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
