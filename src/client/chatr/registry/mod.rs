//! Asks the registry of a Chatr server, over its REST interface, which public key belongs to which UUID.

mod http;
mod response;

use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use matou_sockets::HostPort;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::{Identity, KeyError};
use crate::reach::trust::Trust;
use http::{RegistryServer, Request};
use response::Answer;

/// A registry, and how to reach it.
#[derive(Debug, Clone)]
pub struct Registry {
    url: String,
    place: RegistryServer,
}

/// Why a request failed.
#[derive(Debug)]
pub enum RegistryError {
    /// The URL is not the address of a registry.
    Url(String),
    /// The URL uses plain HTTP, which is allowed only for a registry on this machine.
    PlainHttp(String),
    /// The registry cannot be reached, or its answer is invalid.
    Io(String, io::Error),
    /// The registry refused the request.
    Refused {
        /// The error's name in the protocol's document.
        kind: String,
        /// The registry's explanation.
        message: String,
    },
    /// The UUID or the key in the registry's answer differs from the request.
    NotAsked,
    /// The key cannot sign.
    Key(KeyError),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegistryError::Url(url) => write!(
                f,
                "{url:?} is not the address of a registry; write https://HOST:PORT, or http://127.0.0.1:PORT on this machine"
            ),
            RegistryError::PlainHttp(url) => write!(
                f,
                "{url} uses plain HTTP, which lets an attacker on the network replace keys; write https:// instead"
            ),
            RegistryError::Io(url, error) => write!(f, "{url}: {error}"),
            RegistryError::Refused { kind, message } => match kind.as_str() {
                REGISTERED => f.write_str("the registry has another key for this UUID"),
                "ClientDoesNotExistException" => {
                    f.write_str("the registry does not know this UUID; register it first")
                }
                "InvalidSignatureException" => f.write_str("the registry rejected the signature"),
                _ => write!(f, "the registry refused the request: {kind}: {message}"),
            },
            RegistryError::NotAsked => {
                f.write_str("the UUID or the key in the registry's answer differs from the request")
            }
            RegistryError::Key(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RegistryError {}

/// The name of the registry's error for a UUID that already has a key.
const REGISTERED: &str = "ClientAlreadyRegisteredException";

#[derive(Serialize)]
struct NewKey {
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    client_id: String,
    public_key: String,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    error_message: String,
    error_type: String,
}

impl Registry {
    /// Prepares requests to the registry at `https://HOST:PORT`, or at `http://HOST:PORT` on this machine. Does not connect
    /// yet. `limit` is the time limit of one request.
    ///
    /// # Errors
    /// Fails if the URL has another form, or the certificates of `trust` cannot be used.
    pub fn new(url: &str, trust: &Trust, limit: Duration) -> Result<Registry, RegistryError> {
        let refused = || RegistryError::Url(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(refused());
        }
        let (usual, is_plain) = match scheme {
            "https" => (443, false),
            "http" => (80, true),
            _ => return Err(refused()),
        };
        let HostPort { host, port } =
            crate::reach::address::host_and_port(rest).map_err(|_| refused())?;
        if is_plain && !is_here(&host) {
            return Err(RegistryError::PlainHttp(url.to_owned()));
        }
        let tls = match is_plain {
            true => None,
            false => Some(
                trust
                    .tls()
                    .map_err(|error| RegistryError::Io(url.to_owned(), io::Error::other(error)))?,
            ),
        };
        Ok(Registry {
            url: url.to_owned(),
            place: RegistryServer {
                host: host.to_owned(),
                port: port.unwrap_or(usual),
                tls,
                limit,
            },
        })
    }

    /// Registers an identity, unless it is already registered.
    ///
    /// # Errors
    /// Fails if the registry has another key for this UUID, or rejects the key.
    pub fn register(&self, identity: &Identity) -> Result<(), RegistryError> {
        match self.put_key("PUT", identity, identity) {
            Err(RegistryError::Refused { kind, .. })
                if kind == REGISTERED && self.key_of(identity.uuid())? == identity.public_key() =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Replaces an old key by a new key.
    ///
    /// # Errors
    /// Fails if the registry does not know the old key, or rejects the new key.
    pub fn replace(&self, old: &Identity, new: &Identity) -> Result<(), RegistryError> {
        self.put_key("POST", new, old)
    }

    fn put_key(
        &self,
        method: &str,
        identity: &Identity,
        signer: &Identity,
    ) -> Result<(), RegistryError> {
        let key = STANDARD.encode(identity.public_key());
        // This call cannot fail, because the map contains only one string.
        let body = serde_json::to_vec(&NewKey { key }).unwrap_or_default();
        let signature = signer.sign(&body).map_err(RegistryError::Key)?;
        let signature = STANDARD.encode(signature);
        let fields = [
            ("Content-Type", "application/json"),
            ("Chatr-PublicKey-Signature", &*signature),
        ];
        let registered = self.ask(method, identity.uuid(), &fields, &body)?;
        match registered == identity.public_key() {
            true => Ok(()),
            false => Err(RegistryError::NotAsked),
        }
    }

    /// Asks for the public key of a UUID. Returns the key as a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// Fails if the UUID is not registered.
    pub fn key_of(&self, uuid: Uuid) -> Result<Vec<u8>, RegistryError> {
        self.ask("GET", uuid, &[], &[])
    }

    fn ask(
        &self,
        method: &str,
        uuid: Uuid,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<u8>, RegistryError> {
        let path = format!("/api/1/clients/{uuid}");
        let request = Request {
            method,
            path: &path,
            fields,
            body,
        };
        let failed = |error| RegistryError::Io(self.url.clone(), error);
        let answer = http::ask(&self.place, request).map_err(failed)?;
        let (of, key) = understood(&answer).map_err(|why| {
            why.unwrap_or_else(|| {
                failed(io::Error::other(format!(
                    "the server at this address is not a registry: it answered with HTTP status {}",
                    answer.status
                )))
            })
        })?;
        match of == uuid {
            true => Ok(key),
            false => Err(RegistryError::NotAsked),
        }
    }
}

/// Parses a response. Returns the UUID and the key, or the registry's error. The error is `None` if the server is not a
/// registry.
fn understood(answer: &Answer) -> Result<(Uuid, Vec<u8>), Option<RegistryError>> {
    if answer.status != 200 {
        let failure: Failure = serde_json::from_slice(&answer.body).map_err(|_| None)?;
        return Err(Some(RegistryError::Refused {
            kind: failure.error_type,
            message: failure.error_message,
        }));
    }
    let entry: Entry = serde_json::from_slice(&answer.body).map_err(|_| None)?;
    let uuid = Uuid::try_parse(&entry.client_id).map_err(|_| None)?;
    let key = STANDARD.decode(entry.public_key).map_err(|_| None)?;
    Ok((uuid, key))
}

/// True if every address of the host is a loopback address.
fn is_here(host: &str) -> bool {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return ip.to_canonical().is_loopback();
    }
    let Ok(mut addresses) = (host, 0).to_socket_addrs() else {
        return false;
    };
    addresses.all(|address| address.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn registry(url: &str) -> Result<Registry, RegistryError> {
        Registry::new(url, &Trust::None, Duration::from_secs(1))
    }

    #[rstest]
    #[case("https://example.org", "example.org", 443)]
    #[case("https://[2001:db8::1]:8443/", "2001:db8::1", 8443)]
    #[case("http://127.0.0.1:8080", "127.0.0.1", 8080)]
    #[case("http://[::1]:8080", "::1", 8080)]
    fn a_url_has_its_parts(#[case] url: &str, #[case] host: &str, #[case] port: u16) {
        let place = registry(url).unwrap().place;
        assert_eq!((&*place.host, place.port), (host, port));
        assert_eq!(place.tls.is_some(), url.starts_with("https"));
    }

    #[rstest]
    #[case("example.org")]
    #[case("ftp://example.org")]
    #[case("https://")]
    #[case("https://example.org/api")]
    #[case("https://alice@example.org")]
    #[case("https://example.org:0")]
    fn another_url_is_refused(#[case] url: &str) {
        assert!(matches!(registry(url), Err(RegistryError::Url(_))));
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let refused = registry("http://192.0.2.1:8080");
        assert!(matches!(refused, Err(RegistryError::PlainHttp(_))));
    }

    #[test]
    fn a_response_has_the_key_or_an_error() {
        let of = |status, body: &str| {
            let body = body.as_bytes().to_vec();
            understood(&Answer { status, body })
        };
        let entry = r#"{"clientId":"00000000-0000-0000-0000-000000000001","publicKey":"AAE\/"}"#;
        let (uuid, key) = of(200, entry).unwrap();
        assert_eq!((uuid, key), (Uuid::from_u128(1), vec![0, 1, 63]));
        let failure = r#"{"error_message":"no","error_type":"ClientDoesNotExistException"}"#;
        let Err(Some(RegistryError::Refused { kind, .. })) = of(404, failure) else {
            panic!("no refusal");
        };
        assert_eq!(kind, "ClientDoesNotExistException");
        for (status, body) in [
            (200, "<html>"),
            (502, "<html>"),
            (200, failure),
            (404, entry),
        ] {
            assert!(matches!(of(status, body), Err(None)), "{status} {body}");
        }
    }
}
