//! Where the database is. Only this user may look into the directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::StoreError;

const DATABASE: &str = "matou.db";

/// The directory for who names none: `matou` in the place that this system keeps for a user's data, such as
/// `~/.local/share/matou`.
///
/// # Errors
/// When the user has no home directory.
pub fn default_directory() -> Result<PathBuf, StoreError> {
    let places = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
    Ok(places.data_dir().join("matou"))
}

/// Whether there is one, of whatever kind: what is wrong with it is found out when it is opened.
pub(super) fn has_database(directory: &Path) -> bool {
    directory.join(DATABASE).exists()
}

/// Makes what is missing, and returns the path of the database.
pub(super) fn prepare(directory: &Path) -> Result<PathBuf, StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| StoreError::Directory { path, cause }
    };
    make_directory(directory).map_err(failed(directory))?;
    let database = directory.join(DATABASE);
    // SQLite gives its other files the mode that this one has.
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

/// True when it was not there.
fn make_file(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // A directory of that name, or somebody else's file, is better named now.
            fs::metadata(path).and_then(|found| match found.is_file() {
                true => Ok(false),
                false => Err(error),
            })
        }
        Err(error) => Err(error),
    }
}

/// A new file survives a power cut only once its directory is on the disk, too.
fn keep_entry(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
