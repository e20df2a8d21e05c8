use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use sha2::{Digest as _, Sha256};

use crate::files::digest::Digest;

/// Maximum bytes per read. Each piece is sent after its own `data` line, so at most this many bytes follow one `data` line.
const CHUNK: usize = 32 * 1024;
/// Maximum number of pieces that are read from the file before the connection can send them.
const CHUNKS_AHEAD: usize = 4;

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The last component of the file's path.
    pub(crate) name: String,
    pub(crate) size: u64,
    /// The SHA-256 of the file, if it was requested.
    pub(crate) sha256: Option<Digest>,
}

/// What to find out about a file before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Only the size.
    Briefly,
    /// The size and the SHA-256. To compute the SHA-256, the whole file is read.
    Thoroughly,
}

/// Inspects a file in a separate thread, because reading a large file takes a long time.
pub(crate) fn look_at(path: PathBuf, look: Look) -> io::Result<Receiver<io::Result<Seen>>> {
    let (outcome, seen) = bounded(1);
    thread::Builder::new()
        .name("file-look".into())
        .spawn(move || {
            // This send fails if the user has already left the chat.
            let _ = outcome.send(see(&path, look));
        })?;
    Ok(seen)
}

fn see(path: &Path, look: Look) -> io::Result<Seen> {
    // Check that this is a regular file before opening it: opening a pipe would block until another program writes to the
    // pipe.
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let (size, sha256) = match look {
        Look::Briefly => (found.len(), None),
        Look::Thoroughly => {
            let (size, sha256) = hash(path)?;
            (size, Some(sha256))
        }
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Seen {
        // An offer is one line and ends with the name, so the name must not contain a line end.
        name: name.replace(char::is_control, "_"),
        size,
        sha256,
    })
}

fn hash(path: &Path) -> io::Result<(u64, Digest)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        hash.update(&chunk[..length]);
        size += length as u64;
    }
    Ok((size, Digest(hash.finalize().into())))
}

/// Reads a file in a separate thread. The thread ends after an error, at the end of the file, or when the receiver of its
/// channel is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The pieces, in order.
    pub(crate) chunks: Receiver<io::Result<Vec<u8>>>,
}

impl Reader {
    pub(crate) fn start(path: PathBuf, offset: u64) -> io::Result<Reader> {
        let (pieces, chunks) = bounded(CHUNKS_AHEAD);
        thread::Builder::new()
            .name("file-in".into())
            .spawn(move || {
                let mut file = match open_at(&path, offset) {
                    Ok(file) => file,
                    Err(error) => {
                        let _ = pieces.send(Err(error));
                        return;
                    }
                };
                loop {
                    let mut chunk = vec![0; CHUNK];
                    let piece = match file.read(&mut chunk) {
                        Ok(0) => Err(io::Error::other(
                            "the file became shorter during the transfer",
                        )),
                        Ok(length) => {
                            chunk.truncate(length);
                            Ok(chunk)
                        }
                        Err(error) => Err(error),
                    };
                    // The send below fails if the loop needs no more pieces and has dropped its end of the channel.
                    let over = piece.is_err();
                    if pieces.send(piece).is_err() || over {
                        return;
                    }
                }
            })?;
        Ok(Reader { chunks })
    }
}

fn open_at(path: &Path, offset: u64) -> io::Result<File> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(file)
}
