//! Registers identities over the REST interface of the target: `PUT api/1/clients/{uuid}`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Identity;
use crate::scenario::Scheme;
use crate::tls::TlsClient;

/// Maximum size of an answer, in bytes. A longer answer is cut, because a correct answer to a registration is short.
const LONGEST_ANSWER: u64 = 64 << 10;

/// The REST interface that registers identities.
#[derive(Debug)]
pub struct Rest {
    host: String,
    address: SocketAddr,
    /// `None` for plain HTTP.
    tls: Option<TlsClient>,
    bound: Duration,
}

/// The body of an answer that refuses a registration.
#[derive(Debug, Deserialize)]
struct Refusal {
    error_message: String,
    error_type: String,
}

impl Rest {
    /// Connects to `https://HOST:PORT`, `http://HOST:PORT` or `HOST:PORT`, to check that the interface can be used. For
    /// `HOST:PORT` it also finds out whether the interface speaks HTTPS or HTTP.
    pub fn at(written: &str, bound: Duration) -> Result<Rest, String> {
        let (scheme, host) = match written.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest.trim_end_matches('/')),
            None => (None, written),
        };
        let address = host.to_socket_addrs().ok().and_then(|mut all| all.next());
        let address = address.ok_or_else(|| {
            format!("{written:?} is not the address of a REST interface; write https://HOST:PORT")
        })?;
        let tls = TlsClient::new(None).map_err(|error| error.to_string())?;
        let mut rest = Rest {
            host: host.to_owned(),
            address,
            tls: Some(tls),
            bound,
        };
        let unreachable = |error: io::Error| {
            format!("cannot connect to the REST interface at {written}: {error}")
        };
        let stream = rest.connect().map_err(unreachable)?;
        match (scheme, &rest.tls) {
            (Some("https"), _) => {}
            (Some("http"), _) => rest.tls = None,
            (None, Some(tls)) if tls.stream(stream, address.ip()).is_ok() => {}
            (None, _) => rest.tls = None,
            (Some(other), _) => {
                return Err(format!(
                    "the address cannot begin with {other}://; write http:// or https://"
                ));
            }
        }
        Ok(rest)
    }

    /// Registers an identity at the target.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer, or if its status is not from 200 to 299. The error is a text for people that contains
    /// the answer.
    pub fn register(&self, identity: &Identity) -> Result<(), String> {
        let signed = identity.key.public().and_then(|key| {
            let body = serde_json::json!({ "key": STANDARD.encode(key) }).to_string();
            let signature = identity.key.sign(body.as_bytes(), Scheme::Sha256)?;
            Some((body, STANDARD.encode(signature)))
        });
        let (body, signature) = signed.ok_or("the key of an identity cannot sign")?;
        let request = format!(
            "PUT /api/1/clients/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\
             Chatr-PublicKey-Signature: {signature}\r\n\r\n{body}",
            identity.uuid,
            self.host,
            body.len(),
        );
        let answer = self.exchange(request.as_bytes()).map_err(|error| {
            format!(
                "no answer from the REST interface at {}: {error}",
                self.host
            )
        })?;
        registered(&String::from_utf8_lossy(&answer))
    }

    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let stream = self.connect()?;
        match &self.tls {
            Some(tls) => ask(tls.stream(stream, self.address.ip())?, request),
            None => ask(stream, request),
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, self.bound)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.bound))?;
        stream.set_write_timeout(Some(self.bound))?;
        Ok(stream)
    }
}

/// Sends a request and returns everything that arrives until the connection ends.
fn ask(mut stream: impl Read + Write, request: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(LONGEST_ANSWER).read_to_end(&mut answer) {
        // If an answer has arrived, it does not matter how the connection ended.
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

fn registered(answer: &str) -> Result<(), String> {
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse::<u16>().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    match (status, serde_json::from_str::<Refusal>(body)) {
        (Some(200..=299), _) => Ok(()),
        (Some(code), Ok(refusal)) => Err(format!(
            "{code}, {}: {}",
            refusal.error_type, refusal.error_message
        )),
        (Some(code), Err(_)) => Err(format!("{code}, {body:.200?}")),
        (None, _) => Err(format!(
            "the REST interface answered {answer:.200?}, which is not an HTTP response"
        )),
    }
}
