//! Tests of clients that look for each other through the server. In some tests the clients find each other, in others they
//! do not.

use std::fs;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::thread;

use super::nat::Nat;
use super::{Person, Server, text};
use crate::program::Talk;

const ALICE: &str = "127.0.0.2";
const BOB: &str = "127.0.0.3";

/// A port that is free at some addresses. While this value exists, [`port_at`] does not return the same port to another
/// test.
struct Port {
    number: String,
    _reserved: UdpSocket,
}

/// Returns a port that is free at all these addresses. If the system lacks one of the addresses, prints this and returns
/// `None`. By default, macOS has only the first address of its loopback network.
fn port_at(addresses: &[&str]) -> Option<Port> {
    // Every test reserves its port at this address, so no two tests use the same port.
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

/// Waits until both clients are logged in, and opens a private connection between them. Each client knows the other client's
/// UUID under a name.
fn meet(mut alice: Talk, alice_is: &Person, mut bob: Talk, bob_is: &Person) -> (Talk, Talk) {
    alice.expect(&format!("-- logged in as {}", alice_is.uuid));
    bob.expect(&format!("-- logged in as {}", bob_is.uuid));
    alice.say("/connect bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    alice.expect("-- opening the private connection with bob");
    bob.expect("-- opening the private connection with alice");
    alice.expect("-- private connection with bob is open (/tell bob TEXT, /close bob)");
    bob.expect("-- private connection with alice is open (/tell alice TEXT, /close alice)");
    (alice, bob)
}

/// Lets the clients talk. Checks that all messages arrive in order, and that both clients can leave.
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
    bob.expect("-- alice has stopped sending on the private connection (/close alice closes it)");
    bob.say("/tell alice one more thing");
    alice.expect("[bob] one more thing");
    bob.say("/close alice");
    alice.expect("-- private connection with bob is closed");
    bob.expect("-- private connection with alice is closed");
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
fn a_long_paste_arrives() {
    let Some(port) = port_at(&[ALICE, BOB]) else {
        return;
    };
    let server = Server::start();
    let (alice_is, bob_is) = (server.person("alice"), server.person("bob"));
    alice_is.knows(&[(&bob_is, "bob")]);
    bob_is.knows(&[(&alice_is, "alice")]);
    let options = |bind| ["--p2p-port", &port.number, "--bind", bind];
    let mut alice = server.terminal(&alice_is, &options(ALICE));
    let mut bob = server.chat(&bob_is, &options(BOB)).lines();
    bob.expect(&format!("-- logged in as {}", bob_is.uuid));
    alice.expect("logged in as");
    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    bob.expect("-- opening the private connection with alice");
    bob.expect("-- private connection with alice is open (/tell alice TEXT, /close alice)");
    alice.expect("private connection with bob is open");
    alice.say("/tell bob");
    alice.expect("what you type is sent to bob only");
    // The messages take more than 1 MiB in total.
    let lines: Vec<_> = (0..10_000)
        .map(|n| format!("line {n} {:0100}", n))
        .collect();
    alice.press(&format!("\x1b[200~{}\x1b[201~\r", lines.join("\r")));
    for line in lines {
        bob.expect(&format!("[alice] {line}"));
    }
    alice.say("/quit");
    assert_eq!(alice.ended(), 0);
}

#[test]
fn a_fifth_of_all_datagrams_may_be_lost_and_others_duplicated_or_delayed() {
    // Each client is in a network with a NAT: the server and the other client see only the address of the NAT.
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
fn without_a_port_the_client_says_so_and_the_rest_works() {
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
        errors.contains("direct connections are not possible"),
        "{errors}"
    );
}

#[test]
fn a_port_in_use_is_reported_and_the_rest_works() {
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
        errors.contains(&format!("cannot bind UDP port {port}")),
        "{errors}"
    );
}

#[test]
fn a_request_to_a_client_that_is_not_connected_is_denied() {
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
    chat.expect("-- bob declined the private connection");
    chat.quit();
}

#[test]
fn a_pipe_leads_from_client_to_client() {
    let Some(port) = port_at(&[ALICE, BOB]) else {
        return;
    };
    let server = Server::start();
    let (alice, bob) = (server.person("alice"), server.person("bob"));
    alice.knows(&[(&bob, "bob")]);
    bob.knows(&[(&alice, "alice")]);
    let chat = |person, bind, options: &[&str]| {
        let mut all = vec!["--p2p-port", &port.number, "--bind", bind];
        all.extend(options);
        server.chat(person, &all)
    };
    let mut receiver = chat(&bob, BOB, &["--tunnel", "alice", "--wait"]);
    let (events, mut back, mut received) = receiver.tunnel();
    events.expect(&format!("-- logged in as {}", bob.uuid));
    let mut sender = chat(&alice, ALICE, &["--tunnel", "bob"]);
    let (_events, mut sent, mut answer) = sender.tunnel();
    let bytes: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            sent.write_all(&bytes).unwrap();
            drop(sent);
        });
        let mut all = Vec::new();
        received.read_to_end(&mut all).unwrap();
        assert!(all == bytes);
        back.write_all(b"thank you").unwrap();
        drop(back);
        let mut all = Vec::new();
        answer.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"thank you");
    });
    assert_eq!(receiver.ended().0, 0);
    assert_eq!(sender.ended().0, 0);
}
