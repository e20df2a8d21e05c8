//! `--data DIR`: the data directory of a server, for commands that read or change it.

use std::path::PathBuf;

use clap::Args;

use matou_server::store::{Store, StoreError, default_directory};

/// The option `--data DIR`.
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

    /// Opens an existing database. A directory that does not exist is not created, because its name may be mistyped.
    pub(super) fn existing_store(self) -> Result<Store, StoreError> {
        Store::open_existing(&self.directory()?)
    }

    fn directory(self) -> Result<PathBuf, StoreError> {
        self.data.map_or_else(default_directory, Ok)
    }
}
