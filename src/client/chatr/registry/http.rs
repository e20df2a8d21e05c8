//! A minimal HTTP client: one request per connection, one response, all within a single time limit.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::response::{Answer, converse};
use crate::reach::connect::LocalEnd;
use crate::reach::{connect, trust};

/// The server to ask, and the time limit of each request, from connecting to the last byte.
#[derive(Debug, Clone)]
pub(super) struct RegistryServer {
    pub(super) host: String,
    pub(super) port: u16,
    /// The TLS configuration, for HTTPS.
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) limit: Duration,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) fields: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// Sends a request and waits for the response.
///
/// # Errors
/// Fails if the server cannot be reached, is not trusted, or sends an invalid response.
pub(super) fn ask(place: &RegistryServer, request: Request<'_>) -> io::Result<Answer> {
    let mut stream = connect::in_time(&place.host, place.port, LocalEnd::default(), place.limit)?;
    let bytes = written(place, request);
    match &place.tls {
        None => converse(&mut stream, &bytes),
        Some(tls) => {
            let name = ServerName::try_from(place.host.clone())
                .map_err(|_| io::Error::other("the host name is not a valid TLS server name"))?;
            let connection = ClientConnection::new(tls.clone(), name).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            converse(&mut stream, &bytes).map_err(trust::explained)
        }
    }
}

fn written(place: &RegistryServer, request: Request<'_>) -> Vec<u8> {
    let Request {
        method,
        path,
        fields,
        body,
    } = request;
    let host = match place.host.contains(':') {
        true => format!("[{}]", place.host),
        false => place.host.clone(),
    };
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}:{}\r\nConnection: close\r\nContent-Length: {}\r\n",
        place.port,
        body.len()
    );
    for (name, value) in fields {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    [head.as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_server_that_sends_slowly_gets_no_more_time_than_a_silent_one() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = RegistryServer {
            host: "127.0.0.1".into(),
            port: listener.local_addr().unwrap().port(),
            tls: None,
            // The limit includes the time until the server's thread runs, which may be long on a busy machine.
            limit: Duration::from_secs(1),
        };
        let dripping = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The server sends header fields until the client closes the connection.
            while stream.write_all(b"HTTP/1.1 200 OK\r\nX: y\r\n").is_ok() {
                std::thread::yield_now();
            }
        });
        let request = Request {
            method: "GET",
            path: "/",
            fields: &[],
            body: b"",
        };
        assert!(ask(&place, request).is_err());
        dripping.join().unwrap();
    }
}
