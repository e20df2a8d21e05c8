//! `--data DIR`: the data directory of a server, for commands that read or change it.

use std::path::{Path, PathBuf};

use clap::Args;

use matou_server::store::{Store, StoreError, default_directory, exposed};

use super::complain;

/// The option `--data DIR`.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// Directory of the server's database; created if it does not exist [default: matou in the user's data directory, such
    /// as ~/.local/share/matou]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// Opens the database, and creates it if it does not exist.
    pub(super) fn store(self) -> Result<Store, StoreError> {
        let directory = self.directory()?;
        let store = Store::open(&directory);
        warn(&directory);
        store
    }

    /// Opens an existing database. If the directory does not exist, returns an error and does not create the directory,
    /// because the user may have mistyped its name.
    pub(super) fn existing_store(self) -> Result<Store, StoreError> {
        let directory = self.directory()?;
        warn(&directory);
        Store::open_existing(&directory)
    }

    /// Opens an existing database only for reading, so that the user needs no permission to write.
    pub(super) fn store_to_read(self) -> Result<Store, StoreError> {
        let directory = self.directory()?;
        warn(&directory);
        Store::open_to_read(&directory)
    }

    fn directory(self) -> Result<PathBuf, StoreError> {
        self.data.map_or_else(default_directory, Ok)
    }
}

/// Prints a warning if other users have write permission on the data directory or on the database in it.
fn warn(directory: &Path) {
    if let Some(why) = exposed(directory) {
        complain(&format!("warning: {why}"));
    }
}
