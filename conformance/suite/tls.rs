//! TLS connections to any server. This module does not check whether a certificate authority signed the server's
//! certificate. Servers under test usually have a certificate that no authority signed.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error,
    SignatureScheme, StreamOwned,
};
use sha2::{Digest, Sha256};

/// The TLS settings for connections to the target.
#[derive(Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    certificate: Arc<Certificate>,
}

impl TlsClient {
    /// Returns settings that accept any certificate, or only the certificate with this SHA-256 fingerprint.
    pub fn new(pinned: Option<&str>) -> Result<TlsClient, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificate = Arc::new(Certificate {
            provider: Arc::clone(&provider),
            pinned: pinned.map(plain_fingerprint),
            seen: Mutex::default(),
        });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&certificate) as _)
            .with_no_client_auth();
        // Each connection makes a complete handshake and resumes no earlier session, as if each lane were a separate client.
        config.resumption = Resumption::disabled();
        Ok(TlsClient {
            config: Arc::new(config),
            certificate,
        })
    }

    /// Returns the fingerprint of the target's certificate; `None` before the first connection.
    pub fn fingerprint(&self) -> Option<String> {
        self.certificate.seen.lock().clone()
    }

    /// Returns a TLS connection that has not begun its handshake.
    pub fn connection(&self, server: IpAddr) -> io::Result<ClientConnection> {
        ClientConnection::new(Arc::clone(&self.config), ServerName::from(server))
            .map_err(io::Error::other)
    }

    /// Completes the handshake and returns the stream over TLS. Only one thread at a time can use the stream.
    pub fn stream(
        &self,
        stream: TcpStream,
        server: IpAddr,
    ) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut secured = StreamOwned::new(self.connection(server)?, stream);
        secured.conn.complete_io(&mut secured.sock)?;
        Ok(secured)
    }
}

/// A verifier that notes the fingerprint of the target's certificate. It accepts every certificate, or, if a fingerprint is
/// pinned, only the certificate with this fingerprint.
#[derive(Debug)]
struct Certificate {
    provider: Arc<CryptoProvider>,
    pinned: Option<String>,
    seen: Mutex<Option<String>>,
}

impl ServerCertVerifier for Certificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fingerprint = fingerprint(end_entity);
        let fits =
            (self.pinned.as_ref()).is_none_or(|pinned| *pinned == plain_fingerprint(&fingerprint));
        *self.seen.lock() = Some(fingerprint);
        match fits {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Returns a fingerprint such as `AB:CD:...`, as OpenSSL shows it.
fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

/// Returns only the hexadecimal digits of a fingerprint, in lowercase. So two fingerprints that differ only in colons,
/// spaces and capitals become equal.
fn plain_fingerprint(written: &str) -> String {
    let digits = written.chars().filter(char::is_ascii_hexdigit);
    digits.map(|digit| digit.to_ascii_lowercase()).collect()
}
