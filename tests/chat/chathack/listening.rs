//! Tests of a client that listens for one peer, while unauthenticated peers connect to it.

use std::fs;

use matou_protocols::chathack::PeerFrame;
use rstest::rstest;

use super::peer::{Direct, Peer, is_refused_at};
use super::{logged_in, opened, server};

#[test]
fn only_the_right_login_with_the_right_id_is_accepted_and_only_once() {
    let server = server();
    let mut bob = logged_in(&server, "bob", &[]);
    let (place, id) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    for (login, shown) in [
        ("alice", id ^ 1),
        ("alice", id.swap_bytes().wrapping_add(1)),
        ("carol", id),
        ("alicia", id),
        ("", id),
    ] {
        let mut wrong = Direct::connect(place);
        wrong.show(login, shown);
        wrong.expect_end();
    }
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x09\xff\xff\xff\xff",
        b"\x09\x7f\xff\xff\xff",
        b"\x07\0\0\0\x05alice\0\0\0\x02hi",
    ] {
        let mut stranger = Direct::connect(place);
        stranger.send_bytes(garbage);
        stranger.expect_end();
    }
    let mut late = Direct::connect(place);
    let mut alice = Direct::connect(place);
    // A single write contains the frame that opens the connection (with the login and the id) and, directly after it, the
    // first message.
    let mut first = b"\x09\0\0\0\x05alice".to_vec();
    first.extend(id.to_be_bytes());
    first.extend(b"\x07\0\0\0\x05alice\0\0\0\x02hi");
    alice.send_bytes(&first);
    bob.expect(&opened("alice"));
    bob.expect("[alice] hi");
    late.show("alice", id);
    late.expect_end();
    bob.say("/tell alice ho");
    let (login, message) = ("bob", "ho");
    alice.expect(&PeerFrame::Message { login, message });
    // The client no longer listens, because it expects no further peer.
    assert!(is_refused_at(place));
    drop(alice);
    bob.expect("-- alice has stopped sending on the private connection (/close alice closes it)");
    bob.say("/close alice");
    bob.expect("-- private connection with alice is closed");
    bob.quit();
}

#[test]
fn silent_peers_are_disconnected_to_make_room() {
    let server = server();
    let mut bob = logged_in(&server, "bob", &[]);
    let (place, id) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    let mut silent: Vec<_> = (0..40).map(|_| Direct::connect(place)).collect();
    // The client has closed the oldest connections, so that it can accept newer ones.
    silent.drain(..20).for_each(Direct::expect_end);
    let mut alice = Direct::connect(place);
    alice.show("alice", id);
    bob.expect(&opened("alice"));
    // The client expects no peer any more, so it disconnects the other silent peers.
    silent.into_iter().for_each(Direct::expect_end);
}

#[test]
fn several_peers_are_expected_on_the_same_port() {
    let server = server();
    let mut bob = logged_in(&server, "bob", &[]);
    let (place, id_of_alice) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    let (same_place, id_of_carol) = Peer::log_in(&server, "carol").ask(&mut bob, "bob");
    assert_eq!(place, same_place);
    let mut wrong = Direct::connect(place);
    wrong.show("alice", id_of_carol);
    wrong.expect_end();
    let mut carol = Direct::connect(place);
    carol.show("carol", id_of_carol);
    bob.expect(&opened("carol"));
    let mut alice = Direct::connect(place);
    alice.show("alice", id_of_alice);
    bob.expect(&opened("alice"));
    assert!(is_refused_at(place));
}

#[test]
fn an_expected_peer_has_a_time_limit() {
    let server = server();
    let mut bob = logged_in(&server, "bob", &["--direct-wait", "10ms"]);
    let (place, _) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    bob.expect(
        "-- private connection with alice is closed: no peer connected with the right id within 10ms",
    );
    assert!(is_refused_at(place));
    bob.quit();
}

#[test]
fn a_peer_is_not_expected_after_close_or_quit() {
    let server = server();
    let mut bob = logged_in(&server, "bob", &[]);
    let mut alice = Peer::log_in(&server, "alice");
    let (place, _) = alice.ask(&mut bob, "bob");
    bob.say("/close alice");
    bob.expect("-- private connection with alice is closed");
    assert!(is_refused_at(place));
    let (place, _) = alice.ask(&mut bob, "bob");
    let waits = Direct::connect(place);
    bob.quit();
    waits.expect_end();
    assert!(is_refused_at(place));
}

#[rstest]
#[case::garbage(b"GET / HTTP/1.1\r\n", "unknown opcode 71")]
#[case::a_huge_message(
    b"\x07\0\0\0\x05alice\x7f\xff\xff\xff",
    "the length of message is 2147483647 bytes"
)]
#[case::a_negative_file(
    b"\x08\0\0\0\x05alice\0\0\0\x01x\xff\xff\xff\xff",
    "the length of file is negative: -1"
)]
#[case::half_a_text(b"\x07\0\0\0\x05alice\0\0\0\x01\xc3", "message is not UTF-8")]
fn a_peer_that_sends_invalid_frames_is_disconnected(#[case] bytes: &[u8], #[case] reason: &str) {
    let server = server();
    let mut bob = logged_in(&server, "bob", &[]);
    let (place, id) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    let mut alice = Direct::connect(place);
    alice.show("alice", id);
    bob.expect(&opened("alice"));
    alice.send_bytes(bytes);
    let over = bob.next();
    let begins = "-- private connection with alice is closed: ";
    assert!(over.starts_with(begins) && over.contains(reason), "{over}");
    alice.expect_end();
    bob.quit();
}

#[test]
fn a_peer_cannot_write_outside_the_download_directory() {
    let folder = tempfile::tempdir().unwrap();
    let downloads = folder.path().join("downloads");
    let server = server();
    let options = ["--downloads", downloads.to_str().unwrap()];
    let mut bob = logged_in(&server, "bob", &options);
    let (place, id) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    let mut alice = Direct::connect(place);
    alice.show("alice", id);
    bob.expect(&opened("alice"));
    let (login, size) = ("alice", 3);
    for (name, becomes) in [
        ("../../x", "x"),
        ("/etc/passwd", "passwd"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("x", "x (1)"),
    ] {
        alice.send(&PeerFrame::File { login, name, size });
        alice.send_bytes(b"abc");
        bob.next();
        let line = bob.next();
        let path = downloads.join(becomes);
        assert!(line.contains(path.to_str().unwrap()), "{line}");
        assert_eq!(fs::read(path).unwrap(), b"abc");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // If the transfer of a file is interrupted, the client deletes the part that has arrived.
    let (name, size) = ("half", 1000);
    alice.send(&PeerFrame::File { login, name, size });
    alice.send_bytes(b"abc");
    bob.expect("-- receiving half, 1.0 kB, from alice");
    drop(alice);
    bob.expect(
        "-- half from alice was not received: the private connection closed before the whole file arrived",
    );
    bob.say("/quit");
    assert_eq!(bob.ended().1, 0);
    assert_eq!(fs::read_dir(&downloads).unwrap().count(), 5);
}

#[test]
fn a_peer_cannot_speak_under_another_name() {
    let server = server();
    let mut bob = logged_in(&server, "bob", &[]);
    let (place, id) = Peer::log_in(&server, "alice").ask(&mut bob, "bob");
    let mut alice = Direct::connect(place);
    alice.show("alice", id);
    bob.expect(&opened("alice"));
    let (login, message) = ("carol", "hi");
    alice.send(&PeerFrame::Message { login, message });
    bob.expect(
        "-- ignored: on the private connection with \"alice\": MESSAGE login=\"carol\" message=\"hi\"",
    );
    let (name, size) = ("x", 3);
    alice.send(&PeerFrame::File { login, name, size });
    alice.send_bytes(b"abc");
    bob.expect(
        "-- ignored: on the private connection with \"alice\": FILE login=\"carol\" name=\"x\" size=3",
    );
    let (login, message) = ("alice", "it is me");
    alice.send(&PeerFrame::Message { login, message });
    bob.expect("[alice] it is me");
}
