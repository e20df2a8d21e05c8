//! Scratch directories: an empty directory for each start of a target.
//!
//! The directory `conformance-XXXXXX` is in the system's directory for temporary files. It contains the scratch directory
//! and a file that its runner keeps locked. The system releases the lock when the runner ends, however it ends. So a later
//! run finds the directories of dead runs, and removes them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The beginning of the name of each directory.
const PREFIX: &str = "conformance-";

/// The locked file.
const LOCK: &str = "conformance.lock";

/// The scratch directory, inside the directory that also contains the lock.
const EMPTY: &str = "scratch";

/// A scratch directory. It is removed when this value is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    root: PathBuf,
    /// The lock is released when this file is closed.
    _lock: File,
}

impl Scratch {
    /// Creates a scratch directory.
    ///
    /// # Errors
    ///
    /// Fails if the system cannot create the directory or its lock file.
    pub(super) fn create() -> io::Result<Scratch> {
        // The directory gets its final name only when its lock is held. So no other run sees it without a locked file.
        let hidden = tempfile::Builder::new()
            .prefix(&format!(".{PREFIX}"))
            .tempdir()?;
        let lock = File::create_new(hidden.path().join(LOCK))?;
        // On a file system without locks this fails. Then no run can lock the file, so no run removes the directory.
        let _ = lock.try_lock();
        fs::create_dir(hidden.path().join(EMPTY))?;
        let root = shown(hidden.path());
        // Windows cannot rename a directory that contains an open file. There, directories of dead runs stay.
        let root = match fs::rename(hidden.path(), &root) {
            Ok(()) => root,
            Err(_) => hidden.path().to_owned(),
        };
        // From here on, `drop` removes the directory.
        let _ = hidden.keep();
        Ok(Scratch { root, _lock: lock })
    }

    /// Returns the path of the scratch directory.
    pub(super) fn path(&self) -> PathBuf {
        self.root.join(EMPTY)
    }

    /// Returns the directory to remove after the end of the target.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If this fails, files are left in the directory for temporary files, which does no harm.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Returns the final name of a directory: its present name without the dot at the beginning.
fn shown(hidden: &Path) -> PathBuf {
    let name = hidden.file_name().unwrap_or_default().to_string_lossy();
    hidden.with_file_name(name.trim_start_matches('.'))
}

/// Removes the scratch directories of all runs that are dead. Directories of other users are left alone.
pub fn sweep() {
    let entries = fs::read_dir(std::env::temp_dir());
    for entry in entries.into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_named && is_own_directory(&entry.path()) && is_abandoned(&entry.path()) {
            // If this fails, another run removes the directory at the same time, or a later run removes it.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Returns whether no run holds the lock of this directory. A directory without a lock file does not come from a runner.
fn is_abandoned(root: &Path) -> bool {
    File::open(root.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

fn is_own_directory(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    #[cfg(unix)]
    let is_own = {
        use std::os::unix::fs::MetadataExt;
        metadata.uid() == rustix::process::geteuid().as_raw()
    };
    #[cfg(not(unix))]
    let is_own = true;
    metadata.is_dir() && is_own
}
