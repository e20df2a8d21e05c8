//! TLS without a protocol inside it: a client counts as logged in after the handshake. This works with any server that
//! speaks TLS.

use super::super::tongue::{Heard, Login, Tongue};
use conformance_suite::tls::TlsClient;

#[derive(Debug)]
pub(super) struct Tls(TlsClient);

impl Tls {
    /// Prepares the TLS settings. Returns `None` if this machine cannot speak TLS.
    pub(super) fn new() -> Option<Tls> {
        TlsClient::new(None).ok().map(Tls)
    }
}

impl Tongue for Tls {
    fn has_messages(&self) -> bool {
        false
    }

    fn tls(&self) -> Option<&TlsClient> {
        Some(&self.0)
    }

    fn hello(&self, _: &mut Login) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }

    fn hear_login(&self, _: &mut Login, _: &[u8]) -> Heard {
        Heard::In(0)
    }

    /// Accepts all bytes.
    fn hear(&self, front: &[u8]) -> Heard {
        Heard::Fine(front.len())
    }

    fn message(&self, _: &str, _: &str) -> Result<Vec<u8>, String> {
        Err("a load of TLS handshakes sends no messages".to_owned())
    }

    fn arrival(&self, _: &str, _: &str) -> Option<Vec<u8>> {
        None
    }
}
