//! `api/1/clients/{uuid}`: registers, replaces and shows the keys of clients. A request that
//! registers or replaces a key must be signed.

use std::net::IpAddr;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use log::{error, info};
use serde_json::{Value, json};
use uuid::Uuid;

use super::http::{Request, Response};
use super::{NAME, Registry};
use crate::store::PublicKey;
use crate::store::{IdentityError, StoreError};

/// The header that contains the signature of the request's whole body.
const SIGNATURE: &str = "Chatr-PublicKey-Signature";

/// Base64 with or without padding, because some programs write the padding and others do not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Registry {
    pub(super) fn client(&self, request: &Request, id: &str, from: IpAddr) -> Response {
        let answered = match request.method.as_str() {
            "GET" => parse_id(id).and_then(|uuid| self.show(uuid)),
            "PUT" => self
                .slow_down(from)
                .and_then(|()| parse_id(id))
                .and_then(|uuid| self.register(uuid, request)),
            "POST" => parse_id(id).and_then(|uuid| self.replace(uuid, request)),
            _ => {
                let why =
                    "use GET to show a client, PUT to register it, or POST to replace its key";
                let refused = Response::error(405, why, "MethodNotAllowedException");
                Err(refused.with("Allow", "GET, HEAD, PUT, POST"))
            }
        };
        answered.unwrap_or_else(|refused| refused)
    }

    fn show(&self, uuid: Uuid) -> Result<Response, Response> {
        let key = self.key(uuid)?;
        Ok(shown(uuid, &key))
    }

    /// Registers a key. The body must be signed with the key that it contains.
    fn register(&self, uuid: Uuid, request: &Request) -> Result<Response, Response> {
        let key = parse_key(&request.body)?;
        verify(&key, request)?;
        let registered = self.identities.register(uuid, key.der(), self.most_clients);
        registered.map_err(|error| match error {
            IdentityError::Exists(_) => {
                let why = format!("{error}; use POST to replace its key");
                Response::error(409, &why, "ClientAlreadyRegisteredException")
            }
            IdentityError::Full { .. } => {
                Response::error(503, &error.to_string(), "TooManyClientsException")
            }
            IdentityError::Unknown(_) => unknown(uuid),
            IdentityError::Store(error) => broken(&error),
        })?;
        info!(target: NAME, "{NAME}: registered {uuid}");
        Ok(shown(uuid, key.der()))
    }

    /// Replaces a key. The body must be signed with the key that is registered now.
    fn replace(&self, uuid: Uuid, request: &Request) -> Result<Response, Response> {
        let old = self.key(uuid)?;
        let key = parse_key(&request.body)?;
        let old_key = PublicKey::from_der(&old).map_err(|_| forged())?;
        verify(&old_key, request)?;
        let replaced = self.identities.replace(uuid, &old, key.der());
        replaced.map_err(|error| match error {
            IdentityError::Store(error) => broken(&error),
            // Another request replaced the key after this request had read it. So this request was
            // not signed with the key that is registered now.
            _ => forged(),
        })?;
        if *old != *key.der() {
            info!(target: NAME, "{NAME}: replaced the key of {uuid}");
            for revoker in &self.revokers {
                revoker.revoke(&uuid.to_string());
            }
        }
        Ok(shown(uuid, key.der()))
    }

    fn key(&self, uuid: Uuid) -> Result<Vec<u8>, Response> {
        match self.identities.find(uuid) {
            Ok(Some(key)) => Ok(key),
            Ok(None) => Err(unknown(uuid)),
            Err(error) => Err(broken(&error)),
        }
    }

    fn slow_down(&self, from: IpAddr) -> Result<(), Response> {
        if !self
            .registrations
            .lock()
            .count(from.to_canonical(), Instant::now())
        {
            return Ok(());
        }
        let why = "too many registrations from this address; wait a minute";
        let refused = Response::error(429, why, "TooManyRequestsException");
        Err(refused.with("Retry-After", "60"))
    }
}

/// Parses a UUID in its usual form, with hyphens.
fn parse_id(id: &str) -> Result<Uuid, Response> {
    match Uuid::try_parse(id) {
        Ok(uuid) if id.len() == uuid::fmt::Hyphenated::LENGTH => Ok(uuid),
        _ => {
            let why = "the client id is not a UUID such as 0b8f6a2c-5d14-4c3e-9a77-2f0d1e6b3c58";
            Err(Response::error(400, why, "InvalidClientIdException"))
        }
    }
}

fn parse_key(body: &[u8]) -> Result<PublicKey, Response> {
    let refused = |why: &str| Response::error(400, why, "InvalidPublicKeyException");
    let shape = r#"the body is not {"key": "BASE64 OF A DER SubjectPublicKeyInfo"}"#;
    let body: Value = serde_json::from_slice(body).map_err(|_| refused(shape))?;
    let key = body.get("key").and_then(Value::as_str);
    let der = key.and_then(|key| decode(key.as_bytes()));
    let der = der.ok_or_else(|| refused(shape))?;
    PublicKey::from_der(&der).map_err(|why| refused(&why.to_string()))
}

fn verify(key: &PublicKey, request: &Request) -> Result<(), Response> {
    let signature = request.header(SIGNATURE).and_then(decode);
    let signature = signature.ok_or_else(forged)?;
    key.verify(&request.body, &signature).map_err(|_| forged())
}

/// Decodes base64. Some programs write base64 on several lines, so white space is ignored.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let solid: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    LENIENT.decode(solid).ok()
}

fn shown(uuid: Uuid, key: &[u8]) -> Response {
    let key = STANDARD.encode(key);
    Response::json(
        200,
        &json!({ "clientId": uuid.to_string(), "publicKey": key }),
    )
}

fn forged() -> Response {
    let why = format!(
        "the header {SIGNATURE} is not a base64 signature (SHA256withRSA) of the whole body by the client's key"
    );
    Response::error(401, &why, "InvalidSignatureException")
}

fn unknown(uuid: Uuid) -> Response {
    let why = format!("{uuid} is not registered; use PUT to register it");
    Response::error(404, &why, "ClientDoesNotExistException")
}

/// Writes the reason to the log and makes the response. The response says only that the server
/// cannot use its database.
fn broken(error: &StoreError) -> Response {
    error!(target: NAME, "{NAME}: {error}");
    let why = "the server cannot use its database";
    Response::error(500, why, "InternalServerErrorException")
}
