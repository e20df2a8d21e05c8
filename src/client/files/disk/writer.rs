use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::{Digest as _, Sha256};

use super::name::{numbered, safe_name, shorter};
use crate::files::digest::Digest;
use crate::link::outgoing::fill;

/// Maximum pieces that wait for the disk.
const CHUNKS_AHEAD: usize = 8;
/// Maximum number that is added to a name that already exists.
const MAX_NUMBER: u32 = 999;

/// Writes a received file in a thread of its own. An incomplete file has another name in the same directory. If the channel
/// ends early and the hash of the file is known, the incomplete file stays, to resume later.
#[derive(Debug)]
pub(crate) struct Writer {
    chunks: Sender<Vec<u8>>,
    /// Pieces that do not fit into the thread's channel. While there are any, the loop does not read from the connection.
    held: VecDeque<Vec<u8>>,
    /// If set when the channel ends early, the thread deletes the incomplete file.
    unwanted: Arc<AtomicBool>,
    /// What the thread reports.
    pub(crate) reports: Receiver<Written>,
}

/// What the thread of a file reports.
#[derive(Debug)]
pub(crate) enum Written {
    /// This many of its bytes already exist.
    Opened(u64),
    /// The file is complete, at this path, and its hash is correct, if it is known.
    Finished(PathBuf),
    /// The file is complete, but its hash is wrong.
    Wrong,
    /// The file cannot be written.
    Failed(io::Error),
}

/// Tells whether a file is being written. The program waits for it at its end; otherwise an unwanted part of a file could
/// stay on the disk.
#[derive(Debug)]
pub(crate) struct Disk {
    /// Each thread holds a clone. Nothing is ever sent.
    busy: Sender<Infallible>,
    idle: Receiver<Infallible>,
}

impl Disk {
    /// Creates the value; no file is being written.
    pub(crate) fn new() -> Disk {
        let (busy, idle) = bounded(0);
        Disk { busy, idle }
    }

    /// Blocks until no file is being written, or until the time limit.
    pub(crate) fn settle(self, limit: Duration) {
        let Disk { busy, idle } = self;
        drop(busy);
        // The channel ends with the last thread. A time-out means that the disk is too slow.
        let _ = idle.recv_timeout(limit);
    }
}

impl Writer {
    /// Starts the thread. It first reports [`Written::Opened`], and at the end one of the other variants, unless it is dropped.
    pub(crate) fn start(
        disk: &Disk,
        folder: &Path,
        name: &str,
        size: u64,
        sha256: Option<Digest>,
    ) -> io::Result<Writer> {
        let (chunks, pieces) = bounded(CHUNKS_AHEAD);
        let (report, reports) = bounded(2);
        let mut target = Target {
            folder: folder.to_owned(),
            name: safe_name(name),
            size,
            sha256,
            unwanted: Arc::new(AtomicBool::new(sha256.is_none())),
        };
        let unwanted = Arc::clone(&target.unwanted);
        let busy = disk.busy.clone();
        thread::Builder::new()
            .name("file-out".into())
            .spawn(move || {
                let _busy = busy;
                if let Some(end) = target.receive(&pieces, &report).transpose() {
                    // The loop may have ended in the meantime.
                    let _ = report.send(end.unwrap_or_else(Written::Failed));
                }
            })?;
        Ok(Writer {
            chunks,
            held: VecDeque::new(),
            unwanted,
            reports,
        })
    }

    /// Queues a piece.
    pub(crate) fn write(&mut self, bytes: Vec<u8>) {
        self.held.push_back(bytes);
        self.push();
    }

    /// Deletes the incomplete file.
    pub(crate) fn forget(self) {
        self.unwanted.store(true, Ordering::Release);
    }

    /// Returns the channel that must have room before [`Writer::push`] makes progress; `None` if nothing waits.
    pub(crate) fn blocked_on(&self) -> Option<&Sender<Vec<u8>>> {
        (!self.held.is_empty()).then_some(&self.chunks)
    }

    /// Moves waiting pieces to the thread's channel while it has room.
    pub(crate) fn push(&mut self) {
        // If the thread has failed, it has reported it.
        let _ = fill(&self.chunks, &mut self.held);
    }
}

struct Target {
    folder: PathBuf,
    name: String,
    size: u64,
    sha256: Option<Digest>,
    unwanted: Arc<AtomicBool>,
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
    /// Checks that the path is still this file, and that the file has no other name.
    ///
    /// # Errors
    /// If another program has put something else there.
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
            "another program has replaced {path}, or linked to it"
        )))
    }
}

impl Target {
    /// Returns `None` if the channel ended before the file was complete.
    fn receive(
        &mut self,
        pieces: &Receiver<Vec<u8>>,
        report: &Sender<Written>,
    ) -> io::Result<Option<Written>> {
        let mut part = self.open()?;
        let (mut hash, mut here) = hash_of(&mut part.file)?;
        if here > self.size {
            // It is larger than the offered file, so it is not a part of it.
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

    /// Ends an incomplete file. It stays only if it can be resumed later.
    fn stop(&self, part: &Part, here: u64) -> io::Result<Option<Written>> {
        if here == 0 || self.unwanted.load(Ordering::Acquire) {
            part.check()?;
            fs::remove_file(&part.path)?;
        }
        Ok(None)
    }

    /// Opens the incomplete file. If its name is too long for the file system, a shorter one is tried.
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

    /// Returns the path of the incomplete file: in the same directory, and recognisable when the file is offered again.
    fn open_known(&self, sha256: Digest) -> io::Result<Part> {
        let hash = sha256.to_string();
        let path = self
            .folder
            .join(format!("{}.{}.part", self.name, &hash[..16]));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        // Another program could have put a link there, to have its target overwritten.
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

    /// Renames the file to its name, or to the next free one. It first creates an empty file with that name, which fails if
    /// the name exists. So the rename can only replace this program's own file.
    fn publish(&self, part: &Path) -> io::Result<PathBuf> {
        let (_, path) = self.create("", |path| File::create_new(path))?;
        match fs::rename(part, &path) {
            Ok(()) => Ok(path),
            Err(error) => {
                // This program created the empty file too.
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// Creates a new file with the name, or with the next free one.
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
        Err(io::Error::other("too many files with this name exist"))
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"all of the file";

    fn start(folder: &Path, name: &str) -> Writer {
        let sha256 = Digest(Sha256::digest(TEXT).into());
        Writer::start(&Disk::new(), folder, name, TEXT.len() as u64, Some(sha256)).unwrap()
    }

    fn opened(writer: &Writer) -> u64 {
        match writer.reports.recv() {
            Ok(Written::Opened(here)) => here,
            other => panic!("{other:?}"),
        }
    }

    fn finished(writer: &Writer) -> PathBuf {
        match writer.reports.recv() {
            Ok(Written::Finished(path)) => path,
            other => panic!("{other:?}"),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_when_it_is_complete_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cat.png"), "mine").unwrap();
        let mut writer = start(folder.path(), "../cat.png");
        assert_eq!(opened(&writer), 0);
        writer.write(TEXT.to_vec());
        assert_eq!(finished(&writer), folder.path().join("cat (1).png"));
        assert_eq!(names(folder.path()), ["cat (1).png", "cat.png"]);
        assert_eq!(fs::read(folder.path().join("cat.png")).unwrap(), b"mine");
        assert_eq!(fs::read(folder.path().join("cat (1).png")).unwrap(), TEXT);
    }

    #[test]
    fn an_interrupted_file_is_kept_and_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = start(folder.path(), "cat.png");
        assert_eq!(opened(&writer), 0);
        writer.write(TEXT[..4].to_vec());
        let reports = writer.reports.clone();
        drop(writer);
        // The thread has ended.
        assert!(reports.recv().is_err());
        assert!(names(folder.path())[0].ends_with(".part"));
        let mut writer = start(folder.path(), "cat.png");
        assert_eq!(opened(&writer), 4);
        writer.write(TEXT[4..].to_vec());
        finished(&writer);
        assert_eq!(names(folder.path()), ["cat.png"]);
    }

    #[test]
    fn a_wrong_or_unwanted_file_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = start(folder.path(), "cat.png");
        opened(&writer);
        writer.write(vec![b'x'; TEXT.len()]);
        assert!(matches!(writer.reports.recv(), Ok(Written::Wrong)));
        assert!(names(folder.path()).is_empty());
        let mut writer = start(folder.path(), "cat.png");
        opened(&writer);
        writer.write(TEXT[..4].to_vec());
        let reports = writer.reports.clone();
        writer.forget();
        assert!(reports.recv().is_err());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn the_same_file_is_not_written_twice_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = start(folder.path(), "cat.png");
        opened(&first);
        let second = start(folder.path(), "cat.png");
        assert!(matches!(second.reports.recv(), Ok(Written::Failed(_))));
    }

    /// Starts to receive a file under this name, as it is.
    fn receive(folder: &Path, name: &str, pieces: &[&[u8]]) -> io::Result<Option<Written>> {
        let (chunks, received) = bounded(CHUNKS_AHEAD);
        let (report, _reports) = bounded(2);
        pieces
            .iter()
            .for_each(|piece| chunks.send(piece.to_vec()).unwrap());
        drop(chunks);
        let mut target = Target {
            folder: folder.to_owned(),
            name: name.to_owned(),
            size: TEXT.len() as u64,
            sha256: Some(Digest(Sha256::digest(TEXT).into())),
            unwanted: Arc::default(),
        };
        target.receive(&received, &report)
    }

    #[test]
    fn a_name_that_is_too_long_for_the_file_system_is_shortened() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{}.png", "x".repeat(300));
        let received = receive(folder.path(), &name, &[TEXT]).unwrap();
        let Some(Written::Finished(path)) = received else {
            panic!("{received:?}");
        };
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.len() < 143 && name.ends_with("x.png"), "{name}");
        assert_eq!(fs::read(path).unwrap(), TEXT);
    }

    #[cfg(unix)]
    #[rstest::rstest]
    #[case::a_symbolic_link(|other: &Path, part: &Path| std::os::unix::fs::symlink(other, part))]
    #[case::a_hard_link(|other: &Path, part: &Path| fs::hard_link(other, part))]
    fn a_link_in_the_place_of_the_incomplete_file_is_noticed(
        #[case] link: fn(&Path, &Path) -> io::Result<()>,
    ) {
        let folder = tempfile::tempdir().unwrap();
        receive(folder.path(), "cat.png", &[&TEXT[..4]]).unwrap();
        let part = folder.path().join(&names(folder.path())[0]);
        let other = folder.path().join("other");
        fs::rename(&part, &other).unwrap();
        link(&other, &part).unwrap();
        assert!(receive(folder.path(), "cat.png", &[&TEXT[4..]]).is_err());
        assert_eq!(fs::read(&other).unwrap(), &TEXT[..4]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_replaces_the_incomplete_file_while_it_is_received_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = start(folder.path(), "cat.png");
        opened(&writer);
        let part = folder.path().join(&names(folder.path())[0]);
        fs::remove_file(&part).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &part).unwrap();
        writer.write(TEXT.to_vec());
        let failed = writer.reports.recv();
        let Ok(Written::Failed(error)) = failed else {
            panic!("{failed:?}");
        };
        assert!(error.to_string().contains("has replaced"), "{error}");
        assert!(!folder.path().join("cat.png").exists());
    }

    #[test]
    fn an_empty_file_is_complete_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let sha256 = Digest(Sha256::digest(b"").into());
        let writer = Writer::start(&Disk::new(), folder.path(), "empty", 0, Some(sha256)).unwrap();
        assert_eq!(opened(&writer), 0);
        finished(&writer);
        assert_eq!(names(folder.path()), ["empty"]);
    }
}
