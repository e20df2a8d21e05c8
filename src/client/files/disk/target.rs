use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};
use sha2::{Digest as _, Sha256};

use super::name::{numbered, shorter};
use crate::files::digest::Digest;

/// Maximum number that is added to a name if files with this name already exist.
const MAX_NUMBER: u32 = 999;

/// What the thread that writes a file reports.
#[derive(Debug)]
pub(crate) enum Written {
    /// The incomplete file is open, and contains this many bytes already.
    Opened(u64),
    /// The file is complete, at this path. If its hash was known, the hash is correct.
    Finished(PathBuf),
    /// The file is complete, but its hash is wrong.
    Wrong,
    /// The file cannot be written.
    Failed(io::Error),
}

/// A file to receive, and where to put it.
pub(super) struct Target {
    pub(super) folder: PathBuf,
    /// A safe name.
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: Option<Digest>,
    /// If this flag is set when the channel of the pieces closes before the file is complete, the incomplete file is
    /// deleted.
    pub(super) unwanted: Arc<AtomicBool>,
}

/// An incomplete file, locked by this program while it is open.
struct Part {
    file: File,
    path: PathBuf,
}

/// The flag that makes an open fail if the last component of the path is a symbolic link.
#[cfg(unix)]
#[expect(
    clippy::cast_possible_wrap,
    reason = "the standard library takes flags as a signed number"
)]
const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

impl Part {
    /// Checks that the path still leads to this file, and that the file has no second name (hard link).
    ///
    /// # Errors
    /// Fails if another program has put something else there.
    fn check(&self) -> io::Result<()> {
        let (named, ours) = (fs::symlink_metadata(&self.path)?, self.file.metadata()?);
        #[cfg(unix)]
        let is_same = {
            use std::os::unix::fs::MetadataExt;
            (named.dev(), named.ino(), ours.nlink()) == (ours.dev(), ours.ino(), 1)
        };
        #[cfg(not(unix))]
        let is_same = named.is_file() && named.len() == ours.len();
        if is_same {
            return Ok(());
        }
        let path = self.path.display();
        Err(io::Error::other(format!(
            "another program has replaced {path}, or made a hard link to it"
        )))
    }
}

impl Target {
    /// Writes the pieces. Returns `None` if the channel closed before the file was complete.
    pub(super) fn receive(
        &mut self,
        pieces: &Receiver<Vec<u8>>,
        report: &Sender<Written>,
    ) -> io::Result<Option<Written>> {
        let mut part = self.open()?;
        let (mut hash, mut here) = hash_of(&mut part.file)?;
        if here > self.size {
            // The existing file is larger than the offered file, so it cannot be the beginning of the offered file.
            part.file.set_len(0)?;
            (hash, here) = (Sha256::new(), 0);
        }
        if report.send(Written::Opened(here)).is_err() {
            return self.stop(&part, here);
        }
        while here < self.size {
            let Ok(bytes) = pieces.recv() else {
                return self.stop(&part, here);
            };
            part.file.write_all(&bytes)?;
            hash.update(&bytes);
            here += bytes.len() as u64;
        }
        let right = |sha256: Digest| hash.finalize().as_slice() == sha256.0;
        part.check()?;
        if !self.sha256.is_none_or(right) {
            fs::remove_file(&part.path)?;
            return Ok(Some(Written::Wrong));
        }
        part.file.sync_all()?;
        let published = self.publish(&part.path)?;
        Ok(Some(Written::Finished(published)))
    }

    /// Stops writing an incomplete file. The file stays only if its transfer can be resumed later.
    fn stop(&self, part: &Part, here: u64) -> io::Result<Option<Written>> {
        if here == 0 || self.unwanted.load(Ordering::Acquire) {
            part.check()?;
            fs::remove_file(&part.path)?;
        }
        Ok(None)
    }

    /// Opens the incomplete file. If its name is too long for the file system, a shorter name is tried.
    fn open(&mut self) -> io::Result<Part> {
        fs::create_dir_all(&self.folder)?;
        let opened = self.open_as_named();
        match (&opened, shorter(&self.name)) {
            (Err(error), Some(name)) if error.kind() == io::ErrorKind::InvalidFilename => {
                self.name = name;
                self.open_as_named()
            }
            _ => opened,
        }
    }

    fn open_as_named(&self) -> io::Result<Part> {
        match self.sha256 {
            Some(sha256) => self.open_known(sha256),
            None => self.open_new(),
        }
    }

    /// Opens the incomplete file of an earlier transfer, or creates a new one. The name of an incomplete file contains the
    /// first digits of the hash. So this client finds the incomplete file when the peer offers the same file again.
    fn open_known(&self, sha256: Digest) -> io::Result<Part> {
        let hash = sha256.to_string();
        let path = self
            .folder
            .join(format!("{}.{}.part", self.name, &hash[..16]));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        // Another program could have put a symbolic link at this path. Without this flag, this program would write to the
        // file that the link points to.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_LINK);
        let part = Part {
            file: options.open(&path)?,
            path,
        };
        part.check()?;
        match part.file.try_lock() {
            Ok(()) => Ok(part),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::other("the same file is already being received"))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn open_new(&self) -> io::Result<Part> {
        let (file, path) = self.create(".part", |path| {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create_new(true).open(path)
        })?;
        Ok(Part { file, path })
    }

    /// Gives the file its final name. If a file with this name exists, takes the next free name. This function first creates
    /// an empty file with the final name. It cannot create this file if the name is in use. So the rename can replace only
    /// this empty file, and no file of the user.
    fn publish(&self, part: &Path) -> io::Result<PathBuf> {
        let (_, path) = self.create("", |path| File::create_new(path))?;
        match fs::rename(part, &path) {
            Ok(()) => Ok(path),
            Err(error) => {
                // The file at `path` is the empty file that `create` has just made, so it must be removed.
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Creates a new file with the name, or with the next free name.
    fn create(
        &self,
        ending: &str,
        create: impl Fn(&Path) -> io::Result<File>,
    ) -> io::Result<(File, PathBuf)> {
        for number in 0..=MAX_NUMBER {
            let name = match number {
                0 => self.name.clone(),
                number => numbered(&self.name, number),
            };
            let path = self.folder.join(name + ending);
            match create(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(
            "too many files with this name exist; delete some, or choose another directory with --downloads",
        ))
    }
}

fn hash_of(file: &mut File) -> io::Result<(Sha256, u64)> {
    let mut hash = Sha256::new();
    let mut length = 0;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok((hash, length)),
            read => {
                hash.update(&chunk[..read]);
                length += read as u64;
            }
        }
    }
}
