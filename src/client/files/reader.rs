use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use sha2::{Digest as _, Sha256};

use crate::client::profile::Digest;

/// One read takes so much, which is also what one `data` line carries.
const CHUNK: usize = 32 * 1024;
/// Pieces that may be read ahead of the connection.
const CHUNKS_AHEAD: usize = 4;

/// A file that can be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client) struct Offered {
    /// The last part of its path.
    pub(in crate::client) name: String,
    pub(in crate::client) size: u64,
    pub(in crate::client) sha256: Digest,
}

/// Reads a whole file, in a thread of its own, to learn its size and hash.
pub(in crate::client) fn look_at(path: PathBuf) -> io::Result<Receiver<io::Result<Offered>>> {
    let (outcome, offered) = bounded(1);
    thread::Builder::new()
        .name("file-hash".into())
        .spawn(move || {
            // The user may have left meanwhile.
            let _ = outcome.send(hash(&path));
        })?;
    Ok(offered)
}

fn hash(path: &Path) -> io::Result<Offered> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
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
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Offered {
        // In an offer the name is the rest of a line.
        name: name.replace(char::is_control, "_"),
        size,
        sha256: Digest(hash.finalize().into()),
    })
}

/// Reads a file for a connection, in a thread of its own that ends with the file or with its channel.
#[derive(Debug)]
pub(in crate::client) struct Reader {
    /// The pieces, in order.
    pub(in crate::client) chunks: Receiver<io::Result<Vec<u8>>>,
}

impl Reader {
    pub(in crate::client) fn start(path: PathBuf, offset: u64) -> io::Result<Reader> {
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
                        Ok(0) => Err(io::Error::other("the file has become shorter")),
                        Ok(length) => {
                            chunk.truncate(length);
                            Ok(chunk)
                        }
                        Err(error) => Err(error),
                    };
                    // Whoever has enough drops the other end of the channel.
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
