//! The registry of Chatr Connect, which is an HTTP service. Clients register their public keys
//! here. Later, they prove their identity with these keys when they log in to Chatr Connect.
//!
//! | request | what it does |
//! |---|---|
//! | `PUT /api/1/clients/{uuid}` | registers a key; the request is signed with that key |
//! | `POST /api/1/clients/{uuid}` | replaces the key; the request is signed with the old key. An open connection of the client is closed |
//! | `GET /api/1/clients/{uuid}` | shows the key |
//! | `GET /certificate` | shows the certificate of the server, in PEM |
//!
//! The body of `PUT` and `POST` is `{"key": "BASE64 OF A DER SubjectPublicKeyInfo"}`. Its signature
//! (SHA256withRSA, base64) is in the header `Chatr-PublicKey-Signature`. The body of an error
//! response is `{"error_message": ..., "error_type": ...}`.
//!
//! The port accepts HTTPS, with the certificate of Chatr Connect. From clients on this machine it
//! also accepts plain HTTP. The first byte of a connection shows whether the client uses TLS. A
//! connection carries one request. The handshake and the request together may take at most eight
//! seconds; after that, the response may take two more seconds. The answer to HEAD is the answer to
//! GET without its body.
//!
//! `http.rs` has the part of HTTP that the registry needs, and `clients.rs` has the registry
//! itself.

mod clients;
mod http;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use log::debug;
use parking_lot::Mutex;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::net::{Certificate, ConnectionLimits, Engine, ListenError, RequestService, Revoker};
use crate::store::Identities;
use matou_protocols::room::{GuessLimits, WrongTries};
use matou_protocols::setting::Setting;
use matou_protocols::wire::Excerpt;
use matou_sockets::Timed;

use http::{Request, Response, Unread};

pub use http::MAX_BODY_BYTES;

/// The name of the registry in the line `listening ...` and in the log.
const NAME: &str = "chatr-rest";

/// Maximum time for the handshake and the request.
const REQUEST_TIME: Duration = Duration::from_secs(8);

/// Maximum time for the response, after the time for the request is over.
const RESPONSE_TIME: Duration = Duration::from_secs(2);

/// The first byte of every TLS connection: the type of a handshake record.
const HANDSHAKE: u8 = 0x16;

/// The options of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Maximum number of registrations per minute from one address. Default: 10.
    pub registrations_per_minute: usize,
    /// True if that limit also applies to loopback addresses. Default: false, because tests and the
    /// conformance suite use these addresses.
    pub bound_loopback: bool,
    /// Maximum number of registered identities. Default: a million.
    pub most_clients: u64,
}

impl Options {
    /// Returns the options that an operator can set.
    pub fn settings(&mut self) -> Vec<Setting<'_>> {
        vec![
            Setting::new(
                "registrations",
                "Maximum registrations per minute and address",
                &mut self.registrations_per_minute,
            ),
            Setting::new(
                "clients",
                "Maximum registered identities",
                &mut self.most_clients,
            ),
        ]
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            registrations_per_minute: 10,
            bound_loopback: false,
            most_clients: 1_000_000,
        }
    }
}

/// The registry.
pub struct Registry {
    identities: Identities,
    /// For each listener of Chatr Connect, a handle that disconnects a client. The registry uses
    /// all these handles when a key is replaced.
    revokers: Vec<Revoker>,
    certificate: String,
    tls: Arc<ServerConfig>,
    registrations: Mutex<WrongTries>,
    bound_loopback: bool,
    most_clients: u64,
}

impl Registry {
    /// Makes a registry of these identities. When a key is replaced, the registry calls all
    /// `revokers`, which disconnect the client with the old key.
    pub fn new(
        options: &Options,
        identities: Identities,
        certificate: &Certificate,
        revokers: Vec<Revoker>,
    ) -> Registry {
        let limits = GuessLimits {
            per_minute: options.registrations_per_minute,
            bound_loopback: options.bound_loopback,
        };
        Registry {
            identities,
            revokers,
            certificate: certificate.pem(),
            tls: certificate.server_config(),
            registrations: Mutex::new(WrongTries::new(limits)),
            bound_loopback: options.bound_loopback,
            most_clients: options.most_clients,
        }
    }

    /// Starts to accept requests on an address.
    ///
    /// # Errors
    /// Fails when the server cannot listen on the address, or a thread cannot be started.
    pub fn listen(
        self,
        engine: &Engine,
        address: SocketAddr,
    ) -> Result<RequestService, ListenError> {
        let limits = ConnectionLimits {
            bound_loopback: self.bound_loopback,
            ..ConnectionLimits::default()
        };
        engine.serve_requests(NAME, address, &limits, move |stream, peer| {
            if let Err(error) = self.serve(stream, peer.ip()) {
                debug!("{NAME}: {peer}: {error}");
            }
        })
    }

    /// Serves one connection. Blocks until the connection has ended, for at most [`REQUEST_TIME`]
    /// and [`RESPONSE_TIME`] together.
    fn serve(&self, stream: TcpStream, from: IpAddr) -> io::Result<()> {
        let mut socket = Timed::with_time_to_answer(stream, REQUEST_TIME, RESPONSE_TIME);
        // Blocks until the first byte arrives or the time is over. `None` means EOF: the client has
        // ended its direction and sent no request.
        match socket.peek()? {
            None => {}
            Some(HANDSHAKE) => {
                let tls = ServerConnection::new(Arc::clone(&self.tls)).map_err(io::Error::other)?;
                let mut stream = StreamOwned::new(tls, socket);
                self.exchange(&mut stream, from)?;
                stream.conn.send_close_notify();
                stream.flush()?;
                socket = stream.sock;
            }
            Some(_) if from.to_canonical().is_loopback() => self.exchange(&mut socket, from)?,
            Some(_) => {
                let why = "plain HTTP is accepted only from this machine; use https";
                Response::error(403, why, "HttpsRequiredException").write(&mut socket)?;
            }
        }
        socket.finish();
        Ok(())
    }

    fn exchange(&self, stream: &mut (impl Read + Write), from: IpAddr) -> io::Result<()> {
        let response = match Request::read(stream) {
            Ok(request) => {
                let response = self.answer_any(&request, from);
                let Request { method, path, .. } = &request;
                let (method, path) = (Excerpt(method), Excerpt(path));
                debug!("{NAME}: {from}: {method:?} {path:?}: {}", response.status());
                response
            }
            Err(Unread::Refused(response)) => response,
            Err(Unread::Lost(error)) => return Err(error),
        };
        response.write(stream)
    }

    /// Answers a request. HEAD gets the answer to GET, but without the body (RFC 9110, section
    /// 9.3.2).
    fn answer_any(&self, request: &Request, from: IpAddr) -> Response {
        match request.method.as_str() {
            "HEAD" => self.answer(&request.as_get(), from).without_body(),
            _ => self.answer(request, from),
        }
    }

    fn answer(&self, request: &Request, from: IpAddr) -> Response {
        if let Some(id) = request.path.strip_prefix("/api/1/clients/") {
            return self.client(request, id, from);
        }
        match (request.path.as_str(), request.method.as_str()) {
            ("/certificate", "GET") => {
                Response::text("application/x-pem-file", self.certificate.clone())
            }
            ("/certificate", _) => {
                let why = "use GET to show the certificate";
                Response::error(405, why, "MethodNotAllowedException").with("Allow", "GET, HEAD")
            }
            _ => {
                let why = "unknown path; the paths are /api/1/clients/{uuid} and /certificate";
                Response::error(404, why, "NotFoundException")
            }
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}
