//! The data directory, opened when somebody needs it.

use std::cell::OnceCell;
use std::path::PathBuf;

use clap::Args;

use matou_server::store::{Store, StoreError, default_directory};

/// Where what must outlive the process is kept.
#[derive(Debug, Default)]
pub(super) struct Data {
    directory: Option<PathBuf>,
    store: OnceCell<Store>,
}

/// `--data DIR` of the commands that do nothing without it.
#[derive(Debug, Args)]
pub(super) struct DataArgs {
    /// The directory of the server's database, made when it is not there. Default: matou in the user's data directory, such as
    /// ~/.local/share/matou.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Data {
    /// In this directory, or in the usual one.
    pub(super) fn new(directory: Option<PathBuf>) -> Data {
        Data {
            directory,
            store: OnceCell::new(),
        }
    }

    /// The open store.
    pub(super) fn store(&self) -> Result<&Store, StoreError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::open(&self.directory()?)?;
        Ok(self.store.get_or_init(|| store))
    }

    /// The open store, for who only looks at or changes what is there: a mistyped directory is not made.
    pub(super) fn existing_store(&self) -> Result<Store, StoreError> {
        Store::open_existing(&self.directory()?)
    }

    /// Where it is.
    pub(super) fn directory(&self) -> Result<PathBuf, StoreError> {
        match &self.directory {
            Some(directory) => Ok(directory.clone()),
            None => default_directory(),
        }
    }
}

impl From<DataArgs> for Data {
    fn from(arguments: DataArgs) -> Data {
        Data::new(arguments.data)
    }
}
