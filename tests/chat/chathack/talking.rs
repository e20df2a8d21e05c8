//! Tests of messages to everyone through the server, and of messages on direct connections.

use std::net::TcpListener;

use super::{Server, logged_in, meet, opened, server, two};
use crate::program::matou;

#[test]
fn two_guests_talk_to_everyone_and_then_directly() {
    let server = server();
    let (mut alice, mut bob) = two(&server);
    alice.say("hello, everybody");
    bob.expect("<alice> hello, everybody");
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    alice.say("/tell bob for you alone");
    bob.expect("[alice] for you alone");
    bob.say("/tell alice and for you");
    alice.expect("[bob] and for you");
    alice.say("/close bob");
    bob.expect("-- alice has stopped sending on the private connection (/close alice closes it)");
    bob.say("/tell alice one more thing");
    bob.say("/close alice");
    alice.expect("[bob] one more thing");
    alice.expect("-- private connection with bob is closed");
    bob.expect("-- private connection with alice is closed");
    alice.quit();
    bob.quit();
}

#[test]
fn a_request_may_be_declined_and_a_request_to_an_unknown_login_is_denied() {
    let server = server();
    let (mut alice, mut bob) = two(&server);
    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/deny alice");
    alice.expect("-- bob declined the private connection");
    alice.say("/private carol");
    alice.expect("-- carol declined the private connection");
    alice.quit();
    bob.quit();
}

#[test]
fn several_conversations_go_on_at_once_and_end_one_by_one() {
    let server = server();
    let (mut alice, mut bob) = two(&server);
    let mut carol = logged_in(&server, "carol", &[]);
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    meet((&mut carol, "carol"), (&mut alice, "alice"));
    meet((&mut bob, "bob"), (&mut carol, "carol"));
    alice.say("/tell bob to bob");
    alice.say("/tell carol to carol");
    bob.expect("[alice] to bob");
    carol.expect("[alice] to carol");
    alice.say("/close bob");
    bob.expect("-- alice has stopped sending on the private connection (/close alice closes it)");
    bob.say("/close alice");
    bob.expect("-- private connection with alice is closed");
    alice.expect("-- private connection with bob is closed");
    carol.say("/tell alice still here");
    alice.expect("[carol] still here");
    bob.say("/tell carol and here");
    carol.expect("[bob] and here");
    for talk in [&mut alice, &mut bob, &mut carol] {
        talk.say("/quit");
    }
    for talk in [alice, bob, carol] {
        assert_eq!(talk.ended().1, 0);
    }
}

#[test]
fn both_may_ask_each_other_and_get_two_connections() {
    let server = server();
    let (mut alice, mut bob) = two(&server);
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    meet((&mut bob, "bob"), (&mut alice, "alice"));
    // Alice and bob have two direct connections. Each client sends its messages on the newer connection.
    alice.say("/tell bob one");
    bob.expect("[alice] one");
    alice.say("/close bob");
    alice.say("/tell bob two");
    // The two lines come from two connections, so they may arrive in either order.
    let mut lines = [bob.next(), bob.next()];
    lines.sort();
    assert_eq!(
        lines,
        [
            "-- alice has stopped sending on the private connection (/close alice closes it)",
            "[alice] two"
        ]
    );
}

#[test]
fn it_works_over_version_6_of_the_internet_protocol() {
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("this machine has no IPv6");
        return;
    }
    let server = Server::listening("chathack=[::1]:0");
    let (mut alice, mut bob) = two(&server);
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    alice.say("/tell bob over six");
    bob.expect("[alice] over six");
}

#[test]
fn a_message_over_the_limit_is_not_sent() {
    let server = server();
    let (mut alice, mut bob) = two(&server);
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    let longest = "x".repeat(1024);
    alice.say(&format!("/tell bob {longest}x"));
    alice.say(&format!("/tell bob {longest}"));
    bob.expect(&format!("[alice] {longest}"));
    alice.say("/quit");
    let (_, code, errors) = alice.ended();
    assert_eq!(code, 2);
    assert!(
        errors.contains("the message is 1025 bytes long, 1 more than the 1024 that can be sent"),
        "{errors}"
    );
}

#[test]
fn the_server_relays_no_private_messages() {
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    alice.say("/msg bob psst");
    alice.say("/quit");
    let (_, code, errors) = alice.ended();
    assert_eq!(code, 2);
    assert!(
        errors.contains("ask for a private connection with /private"),
        "{errors}"
    );
}

#[test]
fn raw_tunnels_are_refused_where_private_connections_have_frames() {
    let output = matou()
        .args(["chat", "chathack://alice@127.0.0.1:9", "--tunnel", "bob"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("carry only messages and files"), "{errors}");
}

#[test]
fn every_frame_is_explained_and_no_password_is_logged() {
    let server = Server::with_accounts("chathack=127.0.0.1:0", &[("alice", "townhall")]);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("wire");
    let options = [
        "--password-command",
        "echo townhall",
        "--wire-log",
        log.to_str().unwrap(),
    ];
    let mut alice = logged_in(&server, "alice", &options);
    let mut bob = logged_in(&server, "bob", &[]);
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    alice.say("/tell bob hi");
    bob.expect("[alice] hi");
    bob.say("/tell alice ho");
    alice.expect("[bob] ho");
    alice.say("/quit");
    assert_eq!(alice.ended().1, 0);
    let log = std::fs::read_to_string(log).unwrap();
    for frame in [
        "-> server: LOGIN_WITH_PASSWORD, 22 bytes",
        "password (not shown)",
        "<- server: CONNECTED, 1 byte",
        "-> server: PRIVATE_ASKING",
        "<- server: PRIVATE_VALIDATION",
        "adcode 1 (IPv4)",
        "address 127.0.0.1",
        "-> private connection with bob: ESTABLISHMENT",
        "-> private connection with bob: MESSAGE",
        "<- private connection with bob: MESSAGE",
    ] {
        assert!(log.contains(frame), "{frame}\n{log}");
    }
    assert!(!log.contains("74 6f 77 6e"), "{log}");
}

#[test]
fn programs_get_events_of_their_own() {
    let server = server();
    let mut alice = server.chat("alice", &["--json"]).lines();
    alice.expect(r#"{"event":"logged_in","login":"alice"}"#);
    let mut bob = logged_in(&server, "bob", &[]);
    bob.say("/private alice");
    alice.expect(r#"{"event":"private_asked","peer":"bob"}"#);
    alice.say("/accept bob");
    alice.expect(r#"{"event":"private_agreed","peer":"bob"}"#);
    let awaited = alice.next();
    let begins = r#"{"event":"private_awaited","peer":"bob","address":"127.0.0.1:"#;
    assert!(awaited.starts_with(begins), "{awaited}");
    alice.expect(r#"{"event":"private_up","peer":"bob"}"#);
    bob.expect("-- opening the private connection with alice");
    bob.next();
    bob.expect(&opened("alice"));
    bob.say("/tell alice hi");
    alice.expect(r#"{"event":"private_text","peer":"bob","text":"hi","complete":true}"#);
}
