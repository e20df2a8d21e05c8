//! Tests of the program `matou identity`, and of `matou serve` with Chatr Connect.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;

use crate::secure::*;
use crate::vectors::{UUID, base64, bytes, path};

fn matou(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::cargo_bin("matou").unwrap();
    command.args(arguments).arg("--data").arg(data);
    command
}

fn run(arguments: &[&str], data: &Path) -> (bool, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = matou(arguments, data).output().unwrap();
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.success(), said)
}

/// A running server. It is killed when the test ends.
struct Server {
    child: Child,
    chatr: SocketAddr,
    rest: SocketAddr,
}

impl Server {
    fn start(data: &Path) -> Server {
        let arguments = [
            "serve",
            "--listen",
            "chatr=127.0.0.1:0",
            "--rest",
            "127.0.0.1:0",
        ];
        let mut child = matou(&arguments, data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |name: &str| {
            let line = lines.next().unwrap().unwrap();
            let address = line
                .strip_prefix(name)
                .unwrap_or_else(|| panic!("{line:?}"));
            address.parse().unwrap()
        };
        let (chatr, rest) = (
            address("listening chatr "),
            address("listening chatr-rest "),
        );
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        Server { child, chatr, rest }
    }

    fn connect(&self, certificate: &str, key: &str) -> (Secure, String) {
        let mut client = secure(self.chatr, certificate);
        prove(&mut client, key);
        let told = next(&mut client);
        (client, told)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificate(data: &Path) -> String {
    std::fs::read_to_string(data.join("tls.pem")).unwrap()
}

#[test]
fn only_a_client_that_was_registered_on_the_command_line_is_connected() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let server = Server::start(data);
    let certificate = certificate(data);
    let refused = r#"PacketDisconnect message="Failed to verify!""#;
    for key in ["java-4096", "openssl-2048"] {
        assert_eq!(server.connect(&certificate, key).1, refused);
    }
    let uuid = UUID.to_string();
    let key = path("openssl-2048.pem");
    let register = ["identity", "register", &uuid, key.to_str().unwrap()];
    assert_eq!(run(&register, data), (true, format!("registered {uuid}\n")));
    assert_eq!(server.connect(&certificate, "java-4096").1, refused);
    let (mut client, told) = server.connect(&certificate, "openssl-2048");
    assert_eq!(told, "PacketConnected");
    let (mut twin, told) = server.connect(&certificate, "openssl-2048");
    assert_eq!(told, r#"PacketDisconnect message="Already connected!""#);
    expect_end(&mut twin);

    // When the registry receives a new key over HTTP, the server closes the connection that was made with the old key.
    let body = bytes("openssl-4096.json");
    let signature = base64("openssl-2048.signs-openssl-4096.json.sig");
    let headers = [("Chatr-PublicKey-Signature", &*signature)];
    let path = format!("/api/1/clients/{uuid}");
    assert_eq!(ask(server.rest, "POST", &path, &headers, &body).0, 200);
    assert_eq!(next(&mut client), refused);
    expect_end(&mut client);
    assert_eq!(server.connect(&certificate, "openssl-2048").1, refused);
    assert_eq!(
        server.connect(&certificate, "openssl-4096").1,
        "PacketConnected"
    );
}

#[test]
fn identities_are_registered_listed_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let uuid = UUID.to_string();
    let key = path("java-2048.der");
    let register = ["identity", "register", &uuid, key.to_str().unwrap()];
    assert!(run(&register, data).0);
    let (done, said) = run(&register, data);
    assert!(!done && said.contains("is registered already"), "{said}");
    assert_eq!(
        run(&["identity", "list"], data),
        (true, format!("{uuid}\n"))
    );
    assert!(run(&["identity", "remove", &uuid], data).0);
    assert_eq!(run(&["identity", "list"], data), (true, String::new()));
    let (done, said) = run(&["identity", "remove", &uuid], data);
    assert!(!done && said.contains("is not registered"), "{said}");
    for (file, why) in [
        ("java-1024.der", "the key has 1024 bits"),
        ("java-ec.der", "not the SubjectPublicKeyInfo"),
        ("none", "cannot read the key"),
    ] {
        let key = path(file);
        let register = ["identity", "register", &uuid, key.to_str().unwrap()];
        let (done, said) = run(&register, data);
        assert!(!done && said.contains(why), "{said}");
    }
}

#[test]
fn a_certificate_can_be_given_and_its_errors_are_reported() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    drop(Server::start(data));
    let own = data.join("tls.pem");
    let named = format!("chatr=127.0.0.1:0,cert={0},key={0}", own.display());
    let elsewhere = tempfile::tempdir().unwrap();
    let mut child = matou(&["serve", "--listen", &named], elsewhere.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("listening chatr "), "{line}");
    assert!(!elsewhere.path().join("tls.pem").exists());

    for (listen, why) in [
        ("chatr=127.0.0.1:0,cert=none.pem,key=none.pem", "none.pem"),
        ("chaton=127.0.0.1:0", "add --listen chatr="),
    ] {
        let arguments = [
            "serve",
            "--listen",
            listen,
            "--rest",
            "127.0.0.1:0",
            "--log",
            "off",
        ];
        let (done, said) = run(&arguments, data);
        assert!(!done && said.contains(why), "{said}");
    }
}
