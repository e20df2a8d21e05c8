//! Decides whether a server is trusted: by the fingerprint of its certificate, or by a certificate file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::identity::Fingerprint;

/// Which servers are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// No server is trusted: connecting fails, and the error shows the fingerprint of the server's certificate.
    None,
    /// The server whose certificate has this fingerprint.
    Pin(Fingerprint),
    /// A server whose certificate is in this list, or a server whose certificate contains the server's name and was signed
    /// with the key of a certificate in this list.
    Certificates(Vec<CertificateDer<'static>>),
}

/// What is wrong with a certificate file.
#[derive(Debug)]
pub struct CertificateFileError {
    path: PathBuf,
    why: String,
}

impl fmt::Display for CertificateFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for CertificateFileError {}

impl Trust {
    /// Trusts the certificates in a PEM file.
    ///
    /// # Errors
    /// Fails if the file cannot be read or contains no certificate.
    pub fn from_file(path: &Path) -> Result<Trust, CertificateFileError> {
        let failed = |why: String| CertificateFileError {
            path: path.to_owned(),
            why,
        };
        let found =
            CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        let certificates: Result<Vec<_>, _> = found.collect();
        let certificates = certificates.map_err(|error| failed(error.to_string()))?;
        if certificates.is_empty() {
            return Err(failed("it contains no PEM certificate".into()));
        }
        Ok(Trust::Certificates(certificates))
    }

    /// Returns the TLS configuration that trusts only these servers.
    ///
    /// # Errors
    /// Fails if none of the certificates can be used.
    pub(crate) fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = Verifier {
            trust: self.clone(),
            chains: self.chains(&provider),
            provider: provider.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    /// Returns a verifier of certificate chains; `None` if the trust is not a list of certificates, or if no certificate of
    /// the list can be parsed as a root. Without a verifier, the client accepts a server only if the server's own
    /// certificate is in the list.
    fn chains(&self, provider: &Arc<CryptoProvider>) -> Option<Arc<WebPkiServerVerifier>> {
        let Trust::Certificates(certificates) = self else {
            return None;
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
        builder.build().ok()
    }
}

/// Replaces the error of a failed handshake with an error that tells the user what to do.
pub(crate) fn explained(error: io::Error) -> io::Error {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match tls {
        Some(Error::InvalidCertificate(CertificateError::Other(OtherError(distrust)))) => {
            io::Error::other(distrust.to_string())
        }
        Some(Error::InvalidMessage(_)) => {
            io::Error::other("the server does not speak TLS; check the port")
        }
        _ => error,
    }
}

/// Why a server is not trusted.
#[derive(Debug)]
enum Distrust {
    Unknown(Fingerprint),
    NotThePinned {
        seen: Fingerprint,
        pinned: Fingerprint,
    },
    NotInTheFile {
        seen: Fingerprint,
        why: String,
    },
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::Unknown(seen) => write!(
                f,
                "the server's certificate is unknown; its SHA-256 fingerprint is {seen}: compare it with the \
                 fingerprint that the server printed when it started; if they are equal, add --pin {seen}"
            ),
            Distrust::NotThePinned { seen, pinned } => write!(
                f,
                "the server's certificate does not match --pin: its SHA-256 fingerprint is {seen}, not {pinned}; if the server has \
                 a new certificate, ask its operator for the new fingerprint"
            ),
            Distrust::NotInTheFile { seen, why } => write!(
                f,
                "the certificates of --ca do not confirm the server's certificate ({why}); its SHA-256 fingerprint is \
                 {seen}: compare it with the fingerprint that the server printed when it started; if they are equal, \
                 replace --ca by --pin {seen}"
            ),
        }
    }
}

impl std::error::Error for Distrust {}

impl From<Distrust> for Error {
    fn from(distrust: Distrust) -> Error {
        CertificateError::Other(OtherError(Arc::new(distrust))).into()
    }
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    chains: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen = Fingerprint::of(certificate);
        let known = match &self.trust {
            Trust::None => return Err(Distrust::Unknown(seen).into()),
            Trust::Pin(pinned) if *pinned == seen => return Ok(ServerCertVerified::assertion()),
            Trust::Pin(pinned) => {
                let pinned = *pinned;
                return Err(Distrust::NotThePinned { seen, pinned }.into());
            }
            Trust::Certificates(known) => known,
        };
        if known.iter().any(|known| known == certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = match &self.chains {
            Some(chains) => chains.verify_server_cert(certificate, intermediates, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verified.map_err(|error| {
            let why = error.to_string();
            Distrust::NotInTheFile { seen, why }.into()
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
