//! An identity in a file: a line with the UUID, then the private key in PEM (PKCS#8), as OpenSSL writes and reads it. PEM
//! allows text before the key.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use etcetera::BaseStrategy;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use uuid::Uuid;

use super::{Identity, KeyError};

/// Maximum size of an identity file, in bytes. A key of 8192 bits takes 6.4 KB.
const MAX_FILE: u64 = 64 * 1024;
/// The beginning of the file's first line; the UUID follows.
const LABEL: &str = "Chatr identity: ";
/// Maximum characters in a line of PEM (RFC 7468).
const PEM_LINE: usize = 64;

/// Returns the default path of the identity: `matou/identity.pem` in the user's data directory.
///
/// # Errors
/// Fails if there is no home directory.
pub fn default_path() -> Result<PathBuf, FileError> {
    Ok(folder()?.join("identity.pem"))
}

/// Returns the default path of the address book: `matou/names` in the user's data directory.
///
/// # Errors
/// Fails if there is no home directory.
pub fn default_book() -> Result<PathBuf, FileError> {
    Ok(folder()?.join("names"))
}

fn folder() -> Result<PathBuf, FileError> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| FileError::NoHome)?;
    Ok(strategy.data_dir().join("matou"))
}

/// What is wrong with an identity file.
#[derive(Debug)]
pub enum FileError {
    /// No home directory is set.
    NoHome,
    /// The file already exists.
    Exists(PathBuf),
    /// The file does not exist.
    Missing(PathBuf),
    /// The file cannot be read or written.
    Io(PathBuf, io::Error),
    /// Other users can read the file, so they may know the key.
    Open(PathBuf),
    /// The file has no UUID, or no key.
    NotAnIdentity(PathBuf, &'static str),
    /// The file has a key of the wrong kind.
    Key(PathBuf, KeyError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::NoHome => f.write_str(
                "no home directory is set; name the files with --identity FILE and --book FILE",
            ),
            FileError::Exists(path) => write!(
                f,
                "{} already exists and is not replaced, because a lost key cannot be recovered; choose another file with --identity",
                path.display()
            ),
            FileError::Missing(path) => write!(
                f,
                "no identity file {}; create one with matou identity new, or name another file with --identity",
                path.display()
            ),
            FileError::Io(path, error) => write!(f, "{}: {error}", path.display()),
            FileError::Open(path) => write!(
                f,
                "other users can read the private key in {}; protect it with chmod 600",
                path.display()
            ),
            FileError::NotAnIdentity(path, why) => {
                write!(f, "{} is not an identity file: {why}", path.display())
            }
            FileError::Key(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for FileError {}

impl Identity {
    /// Writes the identity to a new file that only its owner can read. Creates the directory if it is missing.
    ///
    /// # Errors
    /// Fails if the file exists or cannot be written. An incomplete file is removed.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let failed = |error| FileError::Io(path.to_owned(), error);
        if let Some(folder) = path.parent() {
            make_folder(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FileError::Exists(path.to_owned()));
            }
            Err(error) => return Err(failed(error)),
        };
        let written = file
            .write_all(self.to_pem().as_bytes())
            .and_then(|()| file.sync_all());
        written.map_err(|error| {
            // Only the failure to write is reported. If the incomplete file cannot be removed, nothing more can be done.
            let _ = fs::remove_file(path);
            failed(error)
        })
    }

    /// Reads an identity.
    ///
    /// # Errors
    /// Fails if the file is missing, readable by other users, or not in the format of [`Identity::save`].
    pub fn load(path: &Path) -> Result<Identity, FileError> {
        let failed = |error| FileError::Io(path.to_owned(), error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(FileError::Missing(path.to_owned()));
            }
            Err(error) => return Err(failed(error)),
        };
        if is_open_to_others(&file).map_err(failed)? {
            return Err(FileError::Open(path.to_owned()));
        }
        let mut text = String::new();
        file.take(MAX_FILE)
            .read_to_string(&mut text)
            .map_err(failed)?;
        let refused = |why| FileError::NotAnIdentity(path.to_owned(), why);
        let uuid =
            uuid_of(&text).ok_or_else(|| refused("it has no line \"Chatr identity: UUID\""))?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| refused("it has no private key in PEM (PKCS#8)"))?;
        Identity::from_pkcs8(uuid, key.secret_pkcs8_der())
            .map_err(|error| FileError::Key(path.to_owned(), error))
    }

    fn to_pem(&self) -> String {
        let mut pem = format!("{LABEL}{}\n", self.uuid);
        pem += "-----BEGIN PRIVATE KEY-----\n";
        let digits = STANDARD.encode(self.private.as_ref());
        for line in digits.as_bytes().chunks(PEM_LINE) {
            pem.extend(line.iter().map(|digit| char::from(*digit)));
            pem.push('\n');
        }
        pem + "-----END PRIVATE KEY-----\n"
    }
}

fn uuid_of(text: &str) -> Option<Uuid> {
    let mut uuids = text.lines().filter_map(|line| line.strip_prefix(LABEL));
    Uuid::try_parse(uuids.next()?.trim()).ok()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match folder.as_os_str().is_empty() {
        true => Ok(()),
        false => builder.create(folder),
    }
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    let mode = std::os::unix::fs::MetadataExt::mode(&file.metadata()?);
    Ok(mode & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> io::Result<bool> {
    // On systems other than Unix, other users cannot read a user's files by default.
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::KeyBits;

    #[test]
    fn a_saved_identity_is_loaded_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new folder").join("identity.pem");
        let identity = Identity::generate(KeyBits::Two).unwrap();
        identity.save(&path).unwrap();
        let loaded = Identity::load(&path).unwrap();
        assert_eq!(loaded.uuid(), identity.uuid());
        assert_eq!(loaded.public_key(), identity.public_key());
        let other = Identity::generate(KeyBits::Two).unwrap();
        assert!(matches!(other.save(&path), Err(FileError::Exists(_))));
        assert_eq!(Identity::load(&path).unwrap().uuid(), identity.uuid());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_and_it_is_refused_otherwise() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.pem");
        Identity::generate(KeyBits::Two)
            .unwrap()
            .save(&path)
            .unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Identity::load(&path), Err(FileError::Open(_))));
    }

    #[test]
    fn a_file_without_an_identity_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.pem");
        assert!(matches!(Identity::load(&path), Err(FileError::Missing(_))));
        let identity = Identity::generate(KeyBits::Two).unwrap();
        let pem = identity.to_pem();
        let without_uuid = pem.split_once('\n').unwrap().1;
        let without_key = pem.lines().next().unwrap();
        for text in ["", without_uuid, without_key, "Chatr identity: 12\n"] {
            // Remove the file, so that `save` creates a new file, which other users cannot read.
            let _ = fs::remove_file(&path);
            identity.save(&path).unwrap();
            fs::write(&path, text).unwrap();
            let refused = Identity::load(&path);
            assert!(
                matches!(refused, Err(FileError::NotAnIdentity(..))),
                "{text:?}"
            );
        }
    }
}
