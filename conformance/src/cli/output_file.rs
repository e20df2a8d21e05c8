//! Files that a command writes at its end, such as reports. The command opens these files before its work begins. So if a
//! path cannot be written, the user sees the error before a long run, and not after it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// A file that is open, but not written yet. It keeps its old content until [`write`](OutputFile::write) is called.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: PathBuf,
    file: File,
    /// The file to which the path leads, or `None` if this is not a regular file.
    target: Option<Identity>,
}

impl OutputFile {
    /// Opens the file; creates it and the folders above it if necessary.
    ///
    /// # Errors
    /// Fails if the file cannot be written. The error is a message for the user.
    pub(super) fn open(path: &Path) -> Result<OutputFile, String> {
        let opened = || -> io::Result<OutputFile> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let _reader_exists = expect_reader(path)?;
            let mut options = OpenOptions::new();
            let file = options
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            let is_regular = file.metadata()?.is_file();
            Ok(OutputFile {
                path: path.to_owned(),
                file,
                target: is_regular.then(|| identity(path)).transpose()?,
            })
        };
        opened().map_err(|error| cannot_write(path, &error))
    }

    /// Replaces the content of the file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written, for example because the disk is full. The error is a message for the user.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut replace = || -> io::Result<()> {
            if self.target.is_some() {
                self.file.set_len(0)?;
                self.file.rewind()?;
            }
            self.file.write_all(bytes)
        };
        replace().map_err(|error| cannot_write(&self.path, &error))
    }
}

/// The device and the inode of a file. If two paths lead to the same file, also through symbolic or hard links, these
/// numbers are equal.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;

    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// On systems that are not Unix, the path identifies a file. Two hard links to the same file count as different files.
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::canonicalize(path)
}

/// If there is a FIFO at this path, checks that a program reads it. Without a reader, the next `open` of the FIFO would wait
/// for one, perhaps forever. While the returned file is open, the next `open` does not wait.
#[cfg(unix)]
fn expect_reader(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

    if !fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo()) {
        return Ok(None);
    }
    let mut options = OpenOptions::new();
    options.write(true);
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let is_unread =
        |error: &io::Error| error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error());
    options
        .open(path)
        .map(Some)
        .map_err(|error| match is_unread(&error) {
            true => io::Error::other(
                "it is a FIFO that no program reads; first start the program that reads it",
            ),
            false => error,
        })
}

/// On systems that are not Unix, no path leads to a FIFO.
#[cfg(not(unix))]
fn expect_reader(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// Checks that no two outputs go to the same file. Otherwise the second output would overwrite the first.
///
/// # Errors
///
/// The error is a sentence that names the file.
pub(super) fn all_differ<'a>(
    files: impl IntoIterator<Item = &'a OutputFile>,
) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for file in files {
        if let Some(target) = &file.target
            && !seen.insert(target)
        {
            let path = file.path.display();
            return Err(format!(
                "two outputs would go to the same file {path}; give each output its own file"
            ));
        }
    }
    Ok(())
}

/// Checks that no output goes to a file that is also an input. Otherwise the output would overwrite a file that the user
/// wrote.
///
/// # Errors
///
/// The error is a sentence that names the file.
pub(super) fn keep_inputs<'a>(
    outputs: impl IntoIterator<Item = &'a OutputFile>,
    inputs: impl IntoIterator<Item = PathBuf>,
) -> Result<(), String> {
    let inputs = inputs.into_iter().flat_map(|path| identity(&path));
    let inputs: Vec<Identity> = inputs.collect();
    for file in outputs {
        if file
            .target
            .as_ref()
            .is_some_and(|target| inputs.contains(target))
        {
            let path = file.path.display();
            return Err(format!(
                "this command reads {path}, so its output cannot go there; choose another file for the output"
            ));
        }
    }
    Ok(())
}

/// Returns the sentence about a file or folder that cannot be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}
