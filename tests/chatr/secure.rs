//! Clients with real sockets. These clients connect with TLS and trust one certificate. They send packets to the server and
//! requests to the registry.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use matou_protocols::chatr::Frame;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::vectors::{UUID, bytes};

/// The timeout of every wait. It is so long that even on a busy machine only a server that hangs reaches it.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

pub(crate) fn plain(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Connects with TLS. Trusts only the server that has this certificate (PEM).
pub(crate) fn secure(address: SocketAddr, certificate: &str) -> Secure {
    let mut trusted = RootCertStore::empty();
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    trusted.add(der).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(tls, plain(address))
}

/// Sends PacketConnect. The signature in the packet was made with the key of this name.
pub(crate) fn prove(stream: &mut Secure, key: &str) {
    let frame = Frame::Connect {
        version: 1,
        uuid: UUID,
        signature: &bytes(&format!("{key}.uuid.sig")),
    };
    stream.write_all(&frame.encoded()).unwrap();
}

/// Receives the next packet, and describes it.
pub(crate) fn next(stream: &mut Secure) -> String {
    let mut received = Vec::new();
    loop {
        if let Some((frame, _)) = Frame::decode_from_server(&received).unwrap() {
            return frame.to_string();
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        received.push(byte[0]);
    }
}

/// Receives the next packet that is not a ping, and describes it.
pub(crate) fn next_but_pings(stream: &mut Secure) -> String {
    loop {
        let packet = next(stream);
        if !packet.starts_with("PacketPing") {
            return packet;
        }
    }
}

/// Checks that the server sends nothing more and ends the connection with close_notify.
pub(crate) fn expect_end(stream: &mut Secure) {
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

/// Encodes a request to the registry.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    [request.as_bytes(), b"\r\n", body].concat()
}

/// Receives a response, until the server ends the connection without an error. Returns the status, the headers and the body.
pub(crate) fn response(stream: &mut impl Read) -> (u16, String, String) {
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().unwrap(), head.to_owned(), body.to_owned())
}

/// Sends a request over plain HTTP, and returns the status and the JSON body.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, Value) {
    let mut stream = plain(address);
    stream
        .write_all(&request(method, path, headers, body))
        .unwrap();
    let (status, head, body) = response(&mut stream);
    assert!(head.contains("Content-Type: application/json"), "{head}");
    (status, serde_json::from_str(&body).unwrap())
}

/// Checks that the server closes or resets the connection without an answer.
pub(crate) fn expect_silent_end(mut stream: TcpStream) {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    assert_eq!(said, b"");
}
