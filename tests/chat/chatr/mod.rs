//! Chatr Connect: two clients with identities made on the spot find each other through our server and talk over UDP, each at
//! an address of its own.

mod nat;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use matou::client::Fingerprint;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tempfile::TempDir;

use super::program::{Chat, Talk, matou};
use nat::Nat;

const ALICE: &str = "127.0.0.2";
const BOB: &str = "127.0.0.3";

/// Our server with its registry, and a folder for everything that the clients keep.
struct Server {
    process: Child,
    address: String,
    rest: String,
    pin: String,
    folder: TempDir,
}

/// A client's identity.
struct Person {
    uuid: String,
    identity: PathBuf,
    book: PathBuf,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut process = matou()
            .args(["serve", "--listen", "chatr=127.0.0.1:0"])
            .args(["--rest", "127.0.0.1:0", "--log", "off", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut listening = |protocol: &str| {
            let line = lines.next().unwrap().unwrap();
            let address = line.strip_prefix("listening ").unwrap();
            address.strip_prefix(protocol).unwrap().trim().to_owned()
        };
        let address = listening("chatr ");
        let rest = listening("chatr-rest ");
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let certificate = CertificateDer::from_pem_file(data.join("tls.pem")).unwrap();
        Server {
            process,
            address,
            rest: format!("https://{rest}"),
            pin: Fingerprint::of(&certificate).to_string(),
            folder,
        }
    }

    /// Somebody with a new identity, registered.
    fn person(&self, name: &str) -> Person {
        let person = self.stranger(name);
        let identity = person.identity.to_str().unwrap();
        let published = run(&[
            "identity",
            "publish",
            &self.rest,
            "--identity",
            identity,
            "--pin",
            &self.pin,
        ]);
        assert!(published.status.success(), "{published:?}");
        person
    }

    /// Somebody with a new identity of whom the server does not know.
    fn stranger(&self, name: &str) -> Person {
        let identity = self.folder.path().join(name).with_extension("pem");
        let path = identity.to_str().unwrap();
        let made = run(&["identity", "new", "--bits", "2048", "--identity", path]);
        assert!(made.status.success(), "{made:?}");
        Person {
            uuid: String::from_utf8(made.stdout).unwrap().trim().to_owned(),
            book: identity.with_extension("names"),
            identity,
        }
    }

    /// A chat of this person through this server, or what stands before it.
    fn chat_at(&self, address: &str, person: &Person, options: &[&str]) -> Chat {
        let mut all = vec!["--identity", text(&person.identity), "--pin", &self.pin];
        all.extend(["--rest", &self.rest, "--book", text(&person.book)]);
        all.extend(options);
        Chat::start_with_url(&format!("chatr://{address}"), &all)
    }

    fn chat(&self, person: &Person, options: &[&str]) -> Chat {
        self.chat_at(&self.address, person, options)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Person {
    /// Calls these people by these names.
    fn knows(&self, people: &[(&Person, &str)]) {
        let lines = people
            .iter()
            .map(|(person, name)| format!("{} {name}\n", person.uuid));
        fs::write(&self.book, lines.collect::<String>()).unwrap();
    }
}

fn run(arguments: &[&str]) -> Output {
    matou().args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A port that is free at some addresses, and nobody else's who takes one in this way, as long as this lives.
struct Port {
    number: String,
    _reserved: UdpSocket,
}

/// `None`, with a word, where the system does not have all of these addresses: macOS has only the first one of its loopback
/// network unless told otherwise.
fn port_at(addresses: &[&str]) -> Option<Port> {
    // Every test reserves its port here.
    let all: Vec<_> = [&["127.0.0.9"], addresses].concat();
    for address in &all {
        if let Err(error) = UdpSocket::bind((*address, 0)) {
            eprintln!("skipped: this system has no address {address}: {error}");
            return None;
        }
    }
    let chosen = || {
        let reserved = UdpSocket::bind((all[0], 0)).unwrap();
        let port = reserved.local_addr().unwrap().port();
        let is_free = |at: &&str| UdpSocket::bind((*at, port)).is_ok();
        addresses.iter().all(is_free).then(|| Port {
            number: port.to_string(),
            _reserved: reserved,
        })
    };
    std::iter::repeat_with(chosen).take(100).flatten().next()
}

/// Both are logged in, know each other by name and have a private connection.
fn meet(mut alice: Talk, alice_is: &Person, mut bob: Talk, bob_is: &Person) -> (Talk, Talk) {
    alice.expect(&format!("-- logged in as {}", alice_is.uuid));
    bob.expect(&format!("-- logged in as {}", bob_is.uuid));
    alice.say("/connect bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    alice.expect("-- you and bob agree on a private connection; it is being opened");
    bob.expect("-- you and alice agree on a private connection; it is being opened");
    alice.expect("-- the private connection with bob stands (/tell bob TEXT, /close bob)");
    bob.expect("-- the private connection with alice stands (/tell alice TEXT, /close alice)");
    (alice, bob)
}

/// Everything that is said arrives in order, and both leave in order.
fn talk_and_leave(mut alice: Talk, mut bob: Talk, lines: usize) {
    for line in 0..lines {
        alice.say(&format!("/tell bob line {line} of alice"));
        bob.say(&format!("/tell alice line {line} of bob"));
    }
    for line in 0..lines {
        bob.expect(&format!("[alice] line {line} of alice"));
        alice.expect(&format!("[bob] line {line} of bob"));
    }
    alice.say("/close bob");
    bob.expect("-- alice sends no more on the private connection (/close alice ends it)");
    bob.say("/tell alice one more thing");
    alice.expect("[bob] one more thing");
    bob.say("/close alice");
    alice.expect("-- the private connection with bob is over");
    bob.expect("-- the private connection with alice is over");
    alice.quit();
    bob.quit();
}

#[test]
fn two_clients_find_each_other_and_talk() {
    let Some(port) = port_at(&[ALICE, BOB]) else {
        return;
    };
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    alice.knows(&[(&bob, "bob")]);
    bob.knows(&[(&alice, "alice")]);
    let chat = |person, bind| {
        let options = ["--p2p-port", &port.number, "--bind", bind];
        server.chat(person, &options).lines()
    };
    let (alice_talks, bob_talks) = (chat(&alice, ALICE), chat(&bob, BOB));
    let (alice_talks, bob_talks) = meet(alice_talks, &alice, bob_talks, &bob);
    talk_and_leave(alice_talks, bob_talks, 50);
}

#[test]
fn a_fifth_of_all_datagrams_may_be_lost_and_others_come_twice_or_too_late() {
    // Each client is behind a NAT: the server and the other client see it at the NAT's address.
    let (alice_nat, bob_nat) = ("127.0.0.4", "127.0.0.5");
    let Some(port) = port_at(&[ALICE, BOB, alice_nat, bob_nat]) else {
        return;
    };
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    alice.knows(&[(&bob, "bob")]);
    bob.knows(&[(&alice, "alice")]);
    let nat = Nat::between(
        [(ALICE, alice_nat), (BOB, bob_nat)],
        &port.number,
        &server.address,
    );
    let chat = |person, bind, way: &str| {
        let options = ["--p2p-port", &port.number, "--bind", bind];
        server.chat_at(way, person, &options).lines()
    };
    let alice_talks = chat(&alice, ALICE, &nat.ways[0]);
    let bob_talks = chat(&bob, BOB, &nat.ways[1]);
    let (alice_talks, bob_talks) = meet(alice_talks, &alice, bob_talks, &bob);
    talk_and_leave(alice_talks, bob_talks, 100);
    let seen = nat.end();
    assert!(
        seen.lost > 0 && seen.doubled > 0 && seen.swapped > 0,
        "{seen:?}"
    );
}

#[test]
fn a_file_arrives() {
    let Some(port) = port_at(&[ALICE, BOB]) else {
        return;
    };
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    alice.knows(&[(&bob, "bob")]);
    bob.knows(&[(&alice, "alice")]);
    let path = server.folder.path().join("numbers.txt");
    let content: String = (0..100_000).map(|line| format!("{line}\n")).collect();
    fs::write(&path, &content).unwrap();
    let downloads = server.folder.path().join("downloads");
    fs::create_dir(&downloads).unwrap();
    let chat = |person, bind| {
        let options = [
            "--p2p-port",
            &port.number,
            "--bind",
            bind,
            "--downloads",
            text(&downloads),
        ];
        server.chat(person, &options).lines()
    };
    let (alice_talks, bob_talks) = (chat(&alice, ALICE), chat(&bob, BOB));
    let (mut alice_talks, mut bob_talks) = meet(alice_talks, &alice, bob_talks, &bob);
    alice_talks.say(&format!("/send bob {}", text(&path)));
    let offer = bob_talks.next();
    assert!(offer.contains("numbers.txt"), "{offer}");
    bob_talks.say("/accept alice");
    let begun = bob_talks.next();
    assert!(begun.starts_with("-- receiving numbers.txt"), "{begun}");
    let received = bob_talks.next();
    assert!(
        received.starts_with("-- received numbers.txt"),
        "{received}"
    );
    let received = fs::read_to_string(downloads.join("numbers.txt")).unwrap();
    assert!(received == content);
}

#[test]
fn without_a_port_one_is_told_and_the_rest_works() {
    let server = Server::start();
    let alice = server.person("alice");
    let mut chat = server.chat(&alice, &[]).lines();
    chat.expect(&format!("-- logged in as {}", alice.uuid));
    chat.say("/connect 00000000-0000-0000-0000-000000000001");
    chat.say("/quit");
    let (events, code, errors) = chat.ended();
    assert_eq!((events, code), (vec![], 2));
    assert!(errors.contains("start with --p2p-port"), "{errors}");
    assert!(
        errors.contains("there is no way to speak to peers"),
        "{errors}"
    );
}

#[test]
fn a_port_that_is_taken_is_told_and_the_rest_works() {
    let server = Server::start();
    let alice = server.person("alice");
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let options = ["--p2p-port", &port, "--bind", "127.0.0.1"];
    let chat = server.chat(&alice, &options).lines();
    chat.expect(&format!("-- logged in as {}", alice.uuid));
    let mut chat = chat;
    chat.say("/quit");
    let (_, code, errors) = chat.ended();
    assert_eq!(code, 0);
    assert!(
        errors.contains(&format!("port {port} cannot be had")),
        "{errors}"
    );
}

#[test]
fn nobody_is_asked_who_is_not_there() {
    let Some(port) = port_at(&[ALICE]) else {
        return;
    };
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    alice.knows(&[(&bob, "bob")]);
    let options = ["--p2p-port", &port.number, "--bind", ALICE];
    let mut chat = server.chat(&alice, &options).lines();
    chat.expect(&format!("-- logged in as {}", alice.uuid));
    chat.say("/private bob");
    chat.expect("-- bob declines the private connection");
    chat.quit();
}

#[test]
fn who_is_not_registered_is_told_what_to_do() {
    let server = Server::start();
    let eve = server.stranger("eve");
    let (code, errors) = server.chat(&eve, &[]).ended();
    assert_eq!(code, 3);
    assert!(errors.contains("matou identity publish"), "{errors}");
}

#[test]
fn an_identity_is_connected_once() {
    let server = Server::start();
    let alice = server.person("alice");
    let first = server.chat(&alice, &[]).lines();
    first.expect(&format!("-- logged in as {}", alice.uuid));
    let (code, errors) = server.chat(&alice, &[]).ended();
    assert_eq!(code, 3);
    assert!(errors.contains("connected to it already"), "{errors}");
}

#[test]
fn a_server_is_trusted_for_its_fingerprint_or_its_certificate_and_for_nothing_else() {
    let server = Server::start();
    let alice = server.person("alice");
    let url = format!("chatr://{}", server.address);
    let chat = |options: &[&str]| {
        let mut all = vec!["--identity", text(&alice.identity)];
        all.extend(["--book", text(&alice.book)]);
        all.extend(options);
        Chat::start_with_url(&url, &all)
    };
    let (code, errors) = chat(&[]).ended();
    assert_eq!(code, 1);
    assert!(
        errors.contains(&format!("say --pin {}", server.pin)),
        "{errors}"
    );
    let wrong = "0".repeat(64);
    let (code, errors) = chat(&["--pin", &wrong]).ended();
    assert_eq!(code, 1);
    let seen = format!("has the SHA-256 fingerprint {}", server.pin);
    assert!(errors.contains(&seen), "{errors}");
    let certificate = server.folder.path().join("data/tls.pem");
    let trusting = chat(&["--ca", text(&certificate)]).lines();
    trusting.expect(&format!("-- logged in as {}", alice.uuid));
}

#[test]
fn names_are_given_and_kept() {
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    let mut chat = server.chat(&alice, &[]).lines();
    chat.expect(&format!("-- logged in as {}", alice.uuid));
    chat.say(&format!("/name {} bob", bob.uuid));
    chat.say("/quit");
    let (events, code, _) = chat.ended();
    assert_eq!((events, code), (vec![], 0));
    let book = fs::read_to_string(&alice.book).unwrap();
    assert_eq!(book, format!("{} bob\n", bob.uuid));
}

#[test]
fn an_identity_is_made_shown_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("me.pem");
    let new = [
        "identity",
        "new",
        "--bits",
        "2048",
        "--identity",
        text(&path),
    ];
    let made = run(&new);
    assert!(made.status.success(), "{made:?}");
    let uuid = String::from_utf8(made.stdout).unwrap();
    let shown = run(&["identity", "show", "--identity", text(&path)]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(uuid.trim()) && shown.contains("-----BEGIN PUBLIC KEY-----"));
    let before = fs::read(&path).unwrap();
    let again = run(&new);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_for_this_protocol_is_refused_for_others() {
    let (code, errors) = Chat::start("127.0.0.1:1", "alice", &["--p2p-port", "4000"]).ended();
    assert_eq!(code, 2);
    assert!(errors.contains("are for chatr://"), "{errors}");
}
