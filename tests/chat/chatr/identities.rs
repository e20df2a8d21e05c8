//! Tests of a client's identity, and of how the client decides whether it trusts the server.

use std::fs;

use super::{Server, run, text};
use crate::program::Chat;

#[test]
fn an_unregistered_identity_is_an_error_with_a_remedy() {
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
    assert!(errors.contains("already connected"), "{errors}");
}

#[test]
fn a_server_is_trusted_by_its_fingerprint_or_its_certificate() {
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
        errors.contains(&format!("add --pin {}", server.pin)),
        "{errors}"
    );
    let wrong = "0".repeat(64);
    let (code, errors) = chat(&["--pin", &wrong]).ended();
    assert_eq!(code, 1);
    let seen = format!("SHA-256 fingerprint is {}", server.pin);
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
fn an_identity_is_created_shown_and_never_replaced() {
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
fn a_new_key_takes_the_place_of_the_old_one() {
    let server = Server::start();
    let alice = server.person("alice");
    let old = fs::read(&alice.identity).unwrap();
    let renew = |name: &str| {
        let path = server.folder.path().join(name);
        let all = ["identity", "renew", &server.rest, "--bits", "2048"];
        run(&[&all[..], &["--pin", &server.pin, "--identity", text(&path)]].concat())
    };
    let renewed = renew("alice.pem");
    assert!(renewed.status.success(), "{renewed:?}");
    assert_ne!(fs::read(&alice.identity).unwrap(), old);
    let chat = server.chat(&alice, &[]).lines();
    chat.expect(&format!("-- logged in as {}", alice.uuid));
    // The server no longer accepts the old key.
    fs::write(&alice.identity, old).unwrap();
    let (code, _) = server.chat(&alice, &[]).ended();
    assert_eq!(code, 3);
    let again = renew("alice.pem");
    assert_eq!(again.status.code(), Some(2), "{again:?}");
}

#[test]
fn options_of_this_protocol_are_refused_for_others() {
    let (code, errors) = Chat::start("127.0.0.1:1", "alice", &["--p2p-port", "4000"]).ended();
    assert_eq!(code, 2);
    assert!(errors.contains("are options of chatr"), "{errors}");
}
