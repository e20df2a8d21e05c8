//! The proof of identity: TLS 1.3 with raw public keys (RFC 7250) instead of certificates, on both sides. Each side accepts
//! only the key that is registered for the other side.

use std::sync::Arc;
use std::time::Duration;

use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn_proto::{ClientConfig, ServerConfig, TransportConfig, VarInt};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::identity::Fingerprint;

/// The ALPN name, so that another program that speaks QUIC is not mistaken for a peer.
pub(super) const APPLICATION: &[u8] = b"matou-chatr/1";
/// Idle timeout: a peer that sends nothing for this time counts as lost.
pub(super) const SILENCE: Duration = Duration::from_secs(30);
/// Interval of keep-alive packets. These packets also keep NAT mappings open.
const KEEP_ALIVE: Duration = Duration::from_secs(8);
/// Assumed round-trip time before the first measurement. The library's default is a third of a second. With this default,
/// the loss of three datagrams in a row would use up most of the time limit for opening.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);
/// Maximum number of bytes from a peer that this client has not read yet. Text needs fewer, and a larger window would not
/// make file transfers faster.
const WINDOW: u32 = 256 * 1024;

/// Configures the side that opens the connection.
///
/// # Errors
/// Fails if the library lacks the cipher suite.
pub(super) fn caller(own: &Arc<CertifiedKey>, peer: Fingerprint) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = OnlyThisKey::new(peer, &provider);
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(
            own.clone(),
        )));
    tls.alpn_protocols = vec![APPLICATION.to_vec()];
    tls.enable_sni = false;
    // A resumed connection would skip the proof of identity.
    tls.resumption = rustls::client::Resumption::disabled();
    let crypto = QuicClientConfig::try_from(tls).map_err(|_| Error::General(NO_SUITE.into()))?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(transport());
    Ok(config)
}

/// Configures the side that accepts the connection.
///
/// # Errors
/// Fails if the library lacks the cipher suite.
pub(super) fn callee(
    own: &Arc<CertifiedKey>,
    peer: Fingerprint,
) -> Result<Arc<ServerConfig>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = OnlyThisKey::new(peer, &provider);
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(
            own.clone(),
        )));
    tls.alpn_protocols = vec![APPLICATION.to_vec()];
    tls.send_tls13_tickets = 0;
    let crypto = QuicServerConfig::try_from(tls).map_err(|_| Error::General(NO_SUITE.into()))?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(transport());
    // A connection ends when the address of a peer changes: the users must then ask for a new private connection.
    config.migration(false);
    Ok(Arc::new(config))
}

const NO_SUITE: &str = "the TLS library does not support AES-128-GCM";

/// Allows one stream in each direction, and no others.
fn transport() -> Arc<TransportConfig> {
    let mut transport = TransportConfig::default();
    transport
        .initial_rtt(FIRST_ROUND_TRIP)
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(1))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .send_window(u64::from(WINDOW))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(SILENCE.try_into().ok());
    Arc::new(transport)
}

/// Accepts only one public key. Both sides use this verifier.
#[derive(Debug)]
struct OnlyThisKey {
    expected: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl OnlyThisKey {
    fn new(expected: Fingerprint, provider: &Arc<CryptoProvider>) -> OnlyThisKey {
        OnlyThisKey {
            expected,
            provider: provider.clone(),
        }
    }

    fn is_it(&self, key: &CertificateDer<'_>) -> Result<(), Error> {
        match Fingerprint::of(key) == self.expected {
            true => Ok(()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    /// Verifies the proof of identity: the peer's signature over this handshake, which contains new random numbers of both
    /// sides.
    fn has_signed(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(key.as_ref()),
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Returns the error for a signature of TLS 1.2, which is not supported.
fn too_old() -> Error {
    Error::General("a signature of TLS 1.2 in a handshake of TLS 1.3".into())
}

impl ServerCertVerifier for OnlyThisKey {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.is_it(key).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _key: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.has_signed(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for OnlyThisKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        key: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.is_it(key).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _key: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.has_signed(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
