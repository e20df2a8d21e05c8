//! Reads files that the user named.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Opens a regular file, and refuses any other file. For example, opening a FIFO would block until another program opens it
/// for writing.
///
/// # Errors
///
/// Fails if the file cannot be opened, or is a folder, a FIFO or a device.
pub fn open_regular(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        let why = "it is not a regular file";
        Err(io::Error::new(ErrorKind::InvalidInput, why))
    }
}

/// Returns the text of a regular file, without a byte order mark.
///
/// # Errors
///
/// Fails if the file cannot be read, or is not text in UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    let mut text = utf8(bytes)?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// Returns the bytes as text.
///
/// # Errors
///
/// Fails if the bytes are not UTF-8, or contain a NUL byte. The NUL byte is a sign of UTF-16, which some programs write
/// without a byte order mark. In UTF-16, every letter of most European languages has a NUL byte beside it.
pub fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    let is_marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_marked || bytes.contains(&0) {
        let why = "it is text in UTF-16; save it as UTF-8";
        return Err(io::Error::new(ErrorKind::InvalidData, why));
    }
    String::from_utf8(bytes)
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.utf8_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_utf8_with_or_without_a_mark() {
        let folder = std::env::temp_dir().join(format!("read-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be created");
        let path = folder.join("text");
        for (bytes, text) in [
            (b"\xef\xbb\xbfa = 1\r\n".as_slice(), Some("a = 1\r\n")),
            (b"a = 1\n", Some("a = 1\n")),
            (b"\xff\xfea\0", None),
            (b"a\0=\0", None),
            (b"\xff", None),
        ] {
            std::fs::write(&path, bytes).expect("the file can be written");
            assert_eq!(read_text(&path).ok().as_deref(), text, "{bytes:?}");
        }
        assert!(read_text(&folder).is_err());
        std::fs::remove_dir_all(&folder).expect("it exists");
    }
}
