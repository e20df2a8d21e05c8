//! Tests of the registry over HTTP. It registers, replaces and shows keys that Java and OpenSSL made, and it rejects invalid
//! requests.

use std::io::Write;
use std::net::{Shutdown, SocketAddr};

use matou_protocols::chatr::{Claim, Options, Room, Verdict};
use matou_server::net::{
    Certificate, ConnectionLimits, Engine, ProcessLimits, RequestService, Service,
};
use matou_server::rest::{self, Registry};
use matou_server::store::{Identities, Store};
use rstest::rstest;
use serde_json::{Value, json};

use crate::secure::*;
use crate::vectors::{KEYS, UUID, base64, bytes};

const SIGNATURE: &str = "Chatr-PublicKey-Signature";

const CLIENT: &str = "/api/1/clients/6f9619ff-8b86-4011-b42d-00c04fc964ff";

struct Server {
    rest: RequestService,
    chatr: Service,
    _engine: Engine,
    certificate: String,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        Server::with(&rest::Options::default())
    }

    /// Starts the registry, and a listener that accepts every signature.
    fn with(options: &rest::Options) -> Server {
        let directory = tempfile::tempdir().unwrap();
        let identities = Identities::new(&Store::open(directory.path()).unwrap());
        let certificate = Certificate::kept_in(directory.path()).unwrap();
        let engine = Engine::start(&ProcessLimits::default());
        let room = Room::new(Options::default(), Box::new(|| 7));
        let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let limits = ConnectionLimits::default();
        let accepts_all = |_: Claim| Verdict::Verified;
        let chatr = engine
            .listen_tls(room, (), anywhere, limits, accepts_all, &certificate)
            .unwrap();
        let revokers = vec![chatr.revoker()];
        let registry = Registry::new(options, identities, &certificate, revokers);
        Server {
            rest: registry.listen(&engine, anywhere).unwrap(),
            chatr,
            _engine: engine,
            certificate: certificate.pem(),
            _directory: directory,
        }
    }

    fn send(&self, method: &str, path: &str, key: &str, signature: &str) -> (u16, Value) {
        let body = bytes(&format!("{key}.json"));
        let signature = base64(&format!("{signature}.sig"));
        ask(
            self.rest.address(),
            method,
            path,
            &[(SIGNATURE, &signature)],
            &body,
        )
    }

    fn register(&self, key: &str) -> (u16, Value) {
        self.send("PUT", CLIENT, key, &format!("{key}.json"))
    }

    fn show(&self) -> (u16, Value) {
        ask(self.rest.address(), "GET", CLIENT, &[], b"")
    }
}

fn shown(key: &str) -> (u16, Value) {
    let key = base64(&format!("{key}.der"));
    (
        200,
        json!({ "clientId": UUID.to_string(), "publicKey": key }),
    )
}

fn error_type((status, body): (u16, Value)) -> (u16, String) {
    assert!(body["error_message"].is_string(), "{body}");
    (status, body["error_type"].as_str().unwrap().to_owned())
}

#[test]
fn keys_of_java_and_openssl_are_registered_and_shown() {
    for key in KEYS {
        let server = Server::start();
        let (status, kind) = error_type(server.show());
        assert_eq!((status, &*kind), (404, "ClientDoesNotExistException"));
        assert_eq!(server.register(key), shown(key));
        assert_eq!(server.show(), shown(key));
    }
}

#[test]
fn a_uuid_is_registered_once() {
    let server = Server::start();
    server.register("java-2048");
    let (status, kind) = error_type(server.register("openssl-2048"));
    assert_eq!((status, &*kind), (409, "ClientAlreadyRegisteredException"));
    assert_eq!(server.show(), shown("java-2048"));
}

#[test]
fn the_old_key_signs_the_new_one_and_its_connection_is_closed() {
    let server = Server::start();
    let (new, by_old) = ("openssl-4096", "openssl-2048.signs-openssl-4096.json");
    let unknown = error_type(server.send("POST", CLIENT, new, by_old));
    assert_eq!(unknown, (404, "ClientDoesNotExistException".to_owned()));
    server.register("openssl-2048");
    let mut client = secure(server.chatr.address(), &server.certificate);
    prove(&mut client, "openssl-2048");
    assert_eq!(next(&mut client), "PacketConnected");

    let by_itself = error_type(server.send("POST", CLIENT, new, "openssl-4096.json"));
    assert_eq!(by_itself, (401, "InvalidSignatureException".to_owned()));
    let same = server.send("POST", CLIENT, "openssl-2048", "openssl-2048.json");
    assert_eq!(same, shown("openssl-2048"));
    assert_eq!(server.send("POST", CLIENT, new, by_old), shown(new));
    assert_eq!(server.show(), shown(new));
    // This PacketDisconnect is the first packet after PacketConnected. So neither the refused change nor the change to the
    // same key has closed the connection.
    assert_eq!(
        next(&mut client),
        r#"PacketDisconnect message="Failed to verify!""#
    );
    expect_end(&mut client);
    let again = error_type(server.send("POST", CLIENT, new, by_old));
    assert_eq!(again, (401, "InvalidSignatureException".to_owned()));
}

#[rstest]
#[case::of_another_key("java-2048", "java-4096.json")]
#[case::of_another_body("java-2048", "openssl-2048.json")]
#[case::of_the_uuid("java-2048", "java-2048.uuid")]
fn a_registration_is_signed_by_its_own_key(#[case] key: &str, #[case] signature: &str) {
    let server = Server::start();
    let refused = error_type(server.send("PUT", CLIENT, key, signature));
    assert_eq!(refused, (401, "InvalidSignatureException".to_owned()));
    assert_eq!(server.show().0, 404);
}

#[rstest]
#[case::none(&[])]
#[case::empty(&[(SIGNATURE, "")])]
#[case::no_base64(&[(SIGNATURE, "%%%")])]
fn a_request_without_a_valid_signature_header_is_refused(#[case] headers: &[(&str, &str)]) {
    let server = Server::start();
    let body = bytes("java-2048.json");
    let refused = ask(server.rest.address(), "PUT", CLIENT, headers, &body);
    assert_eq!(
        error_type(refused),
        (401, "InvalidSignatureException".to_owned())
    );
}

#[rstest]
#[case("no-uuid")]
#[case("")]
#[case("6f9619ff8b864011b42d00c04fc964ff")]
#[case("{6f9619ff-8b86-4011-b42d-00c04fc964ff}")]
#[case("6f9619ff-8b86-4011-b42d-00c04fc964ff/x")]
fn a_client_id_in_another_form_than_the_usual_one_is_refused(
    #[case] id: &str,
    #[values("GET", "PUT", "POST")] method: &str,
) {
    let server = Server::start();
    let path = format!("/api/1/clients/{id}");
    let refused = error_type(server.send(method, &path, "java-2048", "java-2048.json"));
    assert_eq!(refused, (400, "InvalidClientIdException".to_owned()));
}

#[test]
fn the_case_of_a_uuid_does_not_matter() {
    let server = Server::start();
    let path = "/api/1/clients/6F9619FF-8B86-4011-B42D-00C04FC964FF?query";
    let registered = server.send("PUT", path, "java-2048", "java-2048.json");
    assert_eq!(registered, shown("java-2048"));
}

#[rstest]
#[case::nothing("".into())]
#[case::no_json("{".into())]
#[case::no_key("{}".into())]
#[case::no_text(r#"{"key": 1}"#.into())]
#[case::no_base64(r#"{"key": "%%"}"#.into())]
#[case::no_der(r#"{"key": "AAAA"}"#.into())]
#[case::too_short(format!(r#"{{"key": "{}"}}"#, base64("java-1024.der")))]
#[case::not_rsa(format!(r#"{{"key": "{}"}}"#, base64("java-ec.der")))]
fn an_invalid_key_is_refused(#[case] body: String) {
    let server = Server::start();
    let headers = [(SIGNATURE, "AAAA")];
    let refused = ask(
        server.rest.address(),
        "PUT",
        CLIENT,
        &headers,
        body.as_bytes(),
    );
    assert_eq!(
        error_type(refused),
        (400, "InvalidPublicKeyException".to_owned())
    );
}

#[test]
fn registrations_above_the_limits_per_minute_and_in_total_are_refused() {
    let server = Server::with(&rest::Options {
        registrations_per_minute: 2,
        bound_loopback: true,
        most_clients: 0,
    });
    for _ in 0..2 {
        let full = error_type(server.register("java-2048"));
        assert_eq!(full, (503, "TooManyClientsException".to_owned()));
    }
    let too_soon = error_type(server.register("java-2048"));
    assert_eq!(too_soon, (429, "TooManyRequestsException".to_owned()));
    assert_eq!(
        server.show().0,
        404,
        "a request that only reads has no limit"
    );
}

#[test]
fn the_registry_also_answers_over_https() {
    let server = Server::start();
    let body = bytes("java-4096.json");
    let signature = base64("java-4096.json.sig");
    let put = request("PUT", CLIENT, &[(SIGNATURE, &signature)], &body);
    let get = request("GET", "/certificate", &[], b"");
    let mut stream = secure(server.rest.address(), &server.certificate);
    // Each byte is sent in its own TLS record.
    for byte in put {
        stream.write_all(&[byte]).unwrap();
    }
    let (status, _, body) = response(&mut stream);
    assert_eq!(
        (status, serde_json::from_str(&body).unwrap()),
        shown("java-4096")
    );

    let mut stream = secure(server.rest.address(), &server.certificate);
    stream.write_all(&get).unwrap();
    let (status, head, body) = response(&mut stream);
    assert_eq!((status, body), (200, server.certificate.clone()));
    assert!(
        head.contains("Content-Type: application/x-pem-file"),
        "{head}"
    );
}

#[test]
fn a_client_that_expects_100_continue_receives_it() {
    let server = Server::start();
    let body = bytes("java-2048.json");
    let signature = base64("java-2048.json.sig");
    let headers = [(SIGNATURE, &*signature), ("Expect", "100-continue")];
    let mut stream = plain(server.rest.address());
    let whole = request("PUT", CLIENT, &headers, &body);
    let (head, body) = whole.split_at(whole.len() - body.len());
    stream.write_all(head).unwrap();
    let mut welcome = [0; 25];
    std::io::Read::read_exact(&mut stream, &mut welcome).unwrap();
    assert_eq!(&welcome, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body).unwrap();
    assert_eq!(response(&mut stream).0, 200);
}

#[rstest]
#[case::no_http(b"hello\r\n\r\n", 400)]
#[case::another_path(b"GET / HTTP/1.1\r\nHost: me\r\n\r\n", 404)]
#[case::another_method(b"DELETE /certificate HTTP/1.1\r\nHost: me\r\n\r\n", 405)]
#[case::another_method_of_a_client(b"DELETE /api/1/clients/x HTTP/1.1\r\nHost: me\r\n\r\n", 405)]
#[case::in_pieces(
    b"PUT / HTTP/1.1\r\nHost: me\r\nTransfer-Encoding: chunked\r\n\r\n",
    411
)]
#[case::too_large(b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: 16385\r\n\r\n", 413)]
#[case::far_too_large(
    b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    413
)]
#[case::of_no_length(b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: -1\r\n\r\n", 400)]
#[case::of_a_length_with_a_sign(
    b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: +5\r\n\r\nhello",
    400
)]
#[case::of_two_lengths(
    b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    400
)]
#[case::of_one_length_twice(
    b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nhello",
    404
)]
#[case::with_the_whole_url(b"GET HTTP://me:80/certificate?pem HTTP/1.1\r\nHost: me\r\n\r\n", 200)]
#[case::with_a_url_without_a_host(b"GET http:///certificate HTTP/1.1\r\nHost: me\r\n\r\n", 400)]
#[case::without_a_host(b"GET /certificate HTTP/1.1\r\n\r\n", 400)]
#[case::without_a_host_in_the_old_version(b"GET /certificate HTTP/1.0\r\n\r\n", 200)]
#[case::with_two_hosts(b"GET /certificate HTTP/1.1\r\nHost: me\r\nhost: me\r\n\r\n", 400)]
#[case::with_a_url_without_a_path(b"GET https://me HTTP/1.1\r\nHost: me\r\n\r\n", 404)]
fn a_strange_request_is_answered_with_its_status(#[case] bytes: &[u8], #[case] status: u16) {
    let server = Server::start();
    let mut stream = plain(server.rest.address());
    stream.write_all(bytes).unwrap();
    assert_eq!(response(&mut stream).0, status);
}

#[rstest]
#[case::the_certificate("/certificate", 200)]
#[case::an_unknown_client(CLIENT, 404)]
#[case::another_path("/", 404)]
fn head_gets_the_headers_of_get_and_no_body(#[case] path: &str, #[case] status: u16) {
    let server = Server::start();
    let answer = |method| {
        let mut stream = plain(server.rest.address());
        stream.write_all(&request(method, path, &[], b"")).unwrap();
        let (status, headers, body) = response(&mut stream);
        let is_dated = |line: &&str| !line.starts_with("Date:");
        let headers: Vec<_> = headers
            .lines()
            .filter(is_dated)
            .map(str::to_owned)
            .collect();
        (status, headers, body)
    };
    let (head, get) = (answer("HEAD"), answer("GET"));
    assert_eq!((head.0, &head.1), (status, &get.1));
    assert!(head.2.is_empty() && !get.2.is_empty());
}

#[test]
fn a_request_that_never_ends_is_told_that_it_was_too_slow() {
    let server = Server::start();
    let halves = [
        &b"GET /certificate HTTP/1.1\r\nHo"[..],
        b"PUT / HTTP/1.1\r\nHost: me\r\nContent-Length: 9\r\n\r\nhalf",
    ];
    let streams = halves.map(|half| {
        let mut stream = plain(server.rest.address());
        stream.write_all(half).unwrap();
        stream
    });
    for mut stream in streams {
        assert_eq!(response(&mut stream).0, 408);
    }
}

#[test]
fn a_request_whose_headers_are_too_long_is_refused() {
    let server = Server::start();
    let mut stream = plain(server.rest.address());
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    stream.write_all(&[b'x'; 20_000]).unwrap();
    assert_eq!(response(&mut stream).0, 431);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_request_does_not_disturb_others() {
    let server = Server::start();
    let half = &request("PUT", CLIENT, &[], b"body")[..30];
    for said in [&b""[..], half, b"\x16\x03\x01"] {
        let mut stream = plain(server.rest.address());
        stream.write_all(said).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        drop(response_or_nothing(stream));
    }
    assert_eq!(server.show().0, 404);
}

fn response_or_nothing(mut stream: std::net::TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let _ = std::io::Read::read_to_end(&mut stream, &mut said);
    said
}

#[test]
fn connections_above_the_limit_of_an_address_are_closed() {
    let server = Server::with(&rest::Options {
        bound_loopback: true,
        ..rest::Options::default()
    });
    let silent: Vec<_> = (0..16).map(|_| plain(server.rest.address())).collect();
    expect_silent_end(plain(server.rest.address()));
    drop(silent);
}

#[test]
fn a_registry_that_stops_closes_silent_connections() {
    let server = Server::start();
    let silent = plain(server.rest.address());
    let mut half = plain(server.rest.address());
    half.write_all(b"GET / HTTP").unwrap();
    server.rest.join();
    expect_silent_end(silent);
    expect_silent_end(half);
}
