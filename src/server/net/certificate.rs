//! The certificate of a listener with TLS. The server reads it from files, or makes it when the
//! server starts for the first time.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use crate::store::others_may;

/// The name of a file in the data directory. The file contains the key and the certificate, in PEM.
const FILE: &str = "tls.pem";

/// A certificate with its private key.
#[derive(Clone)]
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    config: Arc<ServerConfig>,
}

/// Why a certificate cannot be used.
#[derive(Debug)]
pub enum CertificateError {
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
    /// Other users may read or change the file with the key.
    Exposed(PathBuf),
    /// A file is not PEM, or it contains no certificate or no key.
    Pem(PathBuf, pem::Error),
    /// The certificate and the key were read, but they cannot be used together.
    Unfit(PathBuf, rustls::Error),
    /// Making a certificate failed.
    NotMade(rcgen::Error),
}

impl Certificate {
    /// Reads a certificate and its key from PEM files. The certificate file may also contain the
    /// certificates of the signers, after the certificate itself.
    ///
    /// # Errors
    /// Fails when a file cannot be read, when it contains no certificate or key, or when the
    /// certificate and the key do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Certificate, CertificateError> {
        let certificates = read(certificate)?;
        let key_text = read(key)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificates).collect();
        let chain = chain.map_err(|error| CertificateError::Pem(certificate.into(), error))?;
        if chain.is_empty() {
            let error = pem::Error::NoItemsFound;
            return Err(CertificateError::Pem(certificate.into(), error));
        }
        let private = PrivateKeyDer::from_pem_slice(&key_text)
            .map_err(|error| CertificateError::Pem(key.into(), error))?;
        Certificate::new(chain, private)
            .map_err(|error| CertificateError::Unfit(certificate.into(), error))
    }

    /// Reads the certificate that is stored in this directory. If the directory has none, makes a
    /// self-signed certificate and stores it there.
    ///
    /// # Errors
    /// Fails when the directory or the file cannot be made or read, or when other users have
    /// permission to read or change the file.
    pub fn kept_in(directory: &Path) -> Result<Certificate, CertificateError> {
        let path = directory.join(FILE);
        // If another user can read or replace the key, clients cannot rely on the certificate.
        if others_may(directory, 0o002) || others_may(&path, 0o077) {
            return Err(CertificateError::Exposed(path));
        }
        if !path.exists() {
            let text = self_signed().map_err(CertificateError::NotMade)?;
            keep(directory, &path, &text)
                .map_err(|error| CertificateError::File(path.clone(), error))?;
        }
        Certificate::load(&path, &path)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Certificate, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain.clone(), key)?;
        Ok(Certificate {
            chain,
            config: Arc::new(config),
        })
    }

    /// Returns the SHA-256 fingerprint of the certificate in the form in which
    /// `openssl x509 -fingerprint -sha256` prints it: `AB:CD:...`.
    pub fn fingerprint(&self) -> String {
        let own = self.chain.first().map(AsRef::as_ref).unwrap_or_default();
        let bytes = Sha256::digest(own);
        let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }

    /// Returns the certificate and the certificates of its signers, without the key, in PEM.
    pub fn pem(&self) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let mut text = String::new();
        for certificate in &self.chain {
            text.push_str("-----BEGIN CERTIFICATE-----\n");
            let encoded = STANDARD.encode(certificate);
            for line in encoded.as_bytes().chunks(64) {
                text.extend(line.iter().copied().map(char::from));
                text.push('\n');
            }
            text.push_str("-----END CERTIFICATE-----\n");
        }
        text
    }

    /// Returns the TLS configuration of a server with this certificate.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// Shows the fingerprint, never the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|error| CertificateError::File(path.into(), error))
}

/// Makes a key and a certificate that is signed with this key. Returns both in PEM.
fn self_signed() -> Result<String, rcgen::Error> {
    let key = rcgen::KeyPair::generate()?;
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "matou");
    let certificate = parameters.self_signed(&key)?;
    Ok(key.serialize_pem() + &certificate.pem())
}

/// Writes the file so that only its owner can read it. The file gets its final name only when it is
/// complete. When two servers start at the same time, the file that gets its final name first
/// stays, and both servers use it.
fn keep(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    match fs::hard_link(&draft, path) {
        Ok(()) => fs::remove_file(&draft),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(&draft),
        // The file system may not support hard links. Then the file is renamed instead.
        Err(_) => fs::rename(&draft, path),
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateError::File(path, error) => {
                write!(
                    f,
                    "cannot use the certificate file {}: {error}",
                    path.display()
                )
            }
            CertificateError::Exposed(path) => {
                let (file, directory) = (path.display(), path.parent().unwrap_or(path).display());
                write!(
                    f,
                    "other users may read or change the key {file}; run: chmod o-w {directory}; then either remove {file} (the server makes a new key) or run: chmod 600 {file}"
                )
            }
            CertificateError::Pem(path, error) => write!(
                f,
                "{} has no certificate or no key in PEM format: {error}",
                path.display()
            ),
            CertificateError::Unfit(path, error) => write!(
                f,
                "the certificate {} cannot be used with its key: {error}",
                path.display()
            ),
            CertificateError::NotMade(error) => write!(f, "cannot make a certificate: {error}"),
        }
    }
}

impl std::error::Error for CertificateError {}
