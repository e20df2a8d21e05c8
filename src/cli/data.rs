//! The data directory of commands that look at or change what a server keeps.

use std::path::PathBuf;

use clap::Args;

use matou_server::store::{Store, StoreError, default_directory};

/// `--data DIR` of the commands that do nothing without it.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// Directory of the server's database; it is created if it does not exist [default: matou in the user's data directory,
    /// such as ~/.local/share/matou]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// Opens the database, and creates it if it does not exist.
    pub(super) fn store(self) -> Result<Store, StoreError> {
        Store::open(&self.directory()?)
    }

    /// Opens the database of commands that only look at or change what exists: a mistyped directory is not created.
    pub(super) fn existing_store(self) -> Result<Store, StoreError> {
        Store::open_existing(&self.directory()?)
    }

    fn directory(self) -> Result<PathBuf, StoreError> {
        self.data.map_or_else(default_directory, Ok)
    }
}
