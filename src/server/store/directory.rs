//! The data directory and the database file in it. Only this user may read them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::StoreError;

const DATABASE: &str = "matou.db";

/// The data directory when none is named: `matou` in the directory that this system has for a
/// user's data, such as `~/.local/share/matou`.
///
/// # Errors
/// When the user has no home directory.
pub fn default_directory() -> Result<PathBuf, StoreError> {
    let places = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
    Ok(places.data_dir().join("matou"))
}

/// True when the file exists. Whether it is a database shows when it is opened.
pub(super) fn has_database(directory: &Path) -> bool {
    directory.join(DATABASE).exists()
}

/// Makes the directory and the file if they are missing, and returns the path of the database.
pub(super) fn prepare(directory: &Path) -> Result<PathBuf, StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| StoreError::Directory { path, cause }
    };
    make_directory(directory).map_err(failed(directory))?;
    let database = directory.join(DATABASE);
    // SQLite gives its other files the mode of this one.
    if make_file(&database).map_err(failed(&database))? {
        keep_entry(directory).map_err(failed(directory))?;
    }
    Ok(database)
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Makes the file. Returns false when it exists already.
fn make_file(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // A directory of that name, or a path that this user may not look at, is reported now
            // and not by SQLite later.
            fs::metadata(path).and_then(|found| match found.is_file() {
                true => Ok(false),
                false => Err(error),
            })
        }
        Err(error) => Err(error),
    }
}

/// Writes the directory to the disk. A new file survives a power cut only after that.
fn keep_entry(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
