//! TLS on a lane.
//!
//! The reader thread sleeps in the socket, and the writer thread may block in it, so neither may hold the TLS connection
//! meanwhile. rustls allows that, for it does no input or output by itself: the reader brings ciphertext and takes text, the
//! writer brings text and takes ciphertext, each under a lock that is held for no longer. Only the writer takes ciphertext
//! out, so that records reach the socket in the order in which they were sealed.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};

use crate::run::random::sha256;

/// How lanes speak TLS with the target.
#[derive(Debug)]
pub(crate) struct TlsClient {
    config: Arc<ClientConfig>,
    certificate: Arc<Certificate>,
}

impl TlsClient {
    /// Takes any certificate, or only the one with this SHA-256 fingerprint: a laboratory has no authority that would vouch
    /// for its servers.
    pub(crate) fn new(pinned: Option<&str>) -> Result<TlsClient, Error> {
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
        // Each lane has a handshake of its own, as clients that do not know each other have.
        config.resumption = Resumption::disabled();
        Ok(TlsClient {
            config: Arc::new(config),
            certificate,
        })
    }

    /// The fingerprint of the target's certificate, once a lane has seen it.
    pub(crate) fn fingerprint(&self) -> Option<String> {
        self.certificate.seen.lock().clone()
    }

    /// A connection before its handshake.
    pub(crate) fn connection(&self, server: IpAddr) -> io::Result<ClientConnection> {
        ClientConnection::new(Arc::clone(&self.config), ServerName::from(server))
            .map_err(io::Error::other)
    }

    /// A TLS connection over this stream, which is left without time-outs.
    ///
    /// # Errors
    ///
    /// If the other side speaks no TLS, shows another certificate than the pinned one, or is not done in time.
    pub(crate) fn handshake(
        &self,
        stream: &TcpStream,
        server: IpAddr,
        until: Instant,
    ) -> io::Result<Secured> {
        let mut conn = self.connection(server)?;
        // What is sealed is taken out at once.
        conn.set_buffer_limit(None);
        shake_hands(&mut conn, stream, until).map_err(|error| told(&error))?;
        stream.set_read_timeout(None)?;
        Ok(Secured {
            conn: Mutex::new(conn),
        })
    }
}

fn shake_hands(
    conn: &mut ClientConnection,
    mut stream: &TcpStream,
    until: Instant,
) -> io::Result<()> {
    loop {
        while conn.wants_write() {
            conn.write_tls(&mut stream)?;
        }
        if !conn.is_handshaking() {
            return Ok(());
        }
        let left = until.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        if conn.read_tls(&mut stream)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = conn.process_new_packets() {
            // The alert that says so; whether it arrives makes no difference any more.
            let _ = conn.write_tls(&mut stream);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
    }
}

/// Somebody listens there, and there is no TLS with them: why.
#[derive(Debug)]
pub(crate) struct NoTls(String);

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoTls {}

/// The error for whoever judges the target.
fn told(error: &io::Error) -> io::Error {
    let (kind, why) = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => (
            ErrorKind::TimedOut,
            "the TLS handshake is not done in time".to_owned(),
        ),
        kind @ ErrorKind::UnexpectedEof => (
            kind,
            "the connection ended inside the TLS handshake".to_owned(),
        ),
        kind => (kind, format!("the TLS handshake failed: {error}")),
    };
    io::Error::new(kind, NoTls(why))
}

/// An established TLS connection that two threads share.
#[derive(Debug)]
pub(crate) struct Secured {
    conn: Mutex<ClientConnection>,
}

/// What ciphertext turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The text in it.
    pub(crate) text: Vec<u8>,
    /// Whether the other side has said that it sends no more.
    pub(crate) closed: bool,
    /// Whether TLS itself has something to say now, and the writer is to be woken for it.
    pub(crate) owes: bool,
    /// Whether it makes no sense, or is an alert that ends the connection.
    pub(crate) garbled: bool,
}

impl Secured {
    /// Takes in ciphertext; none at all gives what the handshake left.
    pub(crate) fn open(&self, mut ciphertext: &[u8]) -> Opened {
        let mut conn = self.conn.lock();
        let mut opened = Opened::default();
        loop {
            // From a slice it fails only when its buffers are full, and they are emptied in each round.
            let taken = conn.read_tls(&mut ciphertext).is_ok();
            match conn.process_new_packets() {
                Ok(state) => opened.closed |= state.peer_has_closed(),
                Err(_) => opened.garbled = true,
            }
            // Text before an alert counts; the error is only that there is no more of it now.
            let _ = conn.reader().read_to_end(&mut opened.text);
            if ciphertext.is_empty() || opened.garbled || !taken {
                opened.owes = conn.wants_write();
                return opened;
            }
        }
    }

    /// The records that carry this text, and whatever TLS itself had to say before.
    pub(crate) fn seal(&self, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut conn = self.conn.lock();
        conn.writer().write_all(text)?;
        records(&mut conn)
    }

    /// The records with which this side says that it sends no more.
    pub(crate) fn close_notify(&self) -> io::Result<Vec<u8>> {
        let mut conn = self.conn.lock();
        conn.send_close_notify();
        records(&mut conn)
    }
}

fn records(conn: &mut ClientConnection) -> io::Result<Vec<u8>> {
    let mut records = Vec::new();
    while conn.wants_write() {
        conn.write_tls(&mut records)?;
    }
    Ok(records)
}

/// Looks at the target's certificate and takes it, unless another one is pinned.
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

/// `AB:CD:...`, as OpenSSL shows it.
fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<String> = sha256(certificate)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

/// However it is written: only its digits count.
fn plain_fingerprint(written: &str) -> String {
    let digits = written.chars().filter(char::is_ascii_hexdigit);
    digits.map(|digit| digit.to_ascii_lowercase()).collect()
}
