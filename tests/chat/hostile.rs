//! Tests of the client with hostile servers and peers, and with servers that speak another protocol.

use std::io::Write;
use std::thread;

use matou_protocols::chaton::{ClientFrame, ServerFrame};
use rstest::rstest;

use super::program::{Chat, Scripted};

#[rstest]
#[case::another_protocol(
    b"HTTP/1.1 400 Bad Request\r\n",
    "does not speak Chaton: unknown opcode 72; at byte 0 of the received data: 48 54 54 50 2f 31"
)]
#[case::a_bad_frame_behind_a_good_one(
    b"\x01\x03\xff\xff\xff\xff",
    "does not speak Chaton: the length of login is negative: -1; at byte 1 of the received data: 03 ff ff ff ff"
)]
#[case::too_long_a_text(
    b"\x03\x7f\xff\xff\xff",
    "the length of login is 2147483647 bytes, above its limit of 1024"
)]
#[case::bad_utf8(b"\x03\0\0\0\x01\xff\0\0\0\0", "login is not UTF-8")]
#[case::half_a_frame(b"\x03\0\0", "closed the connection in the middle of a frame")]
#[case::nothing(b"", "closed the connection without answering the login")]
fn an_invalid_server_is_an_error_that_says_why(#[case] bytes: &[u8], #[case] why: &str) {
    let server = Scripted::start();
    let alice = Chat::start(&server.address, "alice", &[]);
    let mut connection = server.accept();
    connection.expect(&ClientFrame::Login { login: "alice" });
    connection.send_bytes(bytes);
    connection.send_no_more();
    let (code, errors) = alice.ended();
    assert_eq!(code, 1);
    assert!(errors.contains(why), "{errors}");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let server = Scripted::start();
    let alice = Chat::start(&server.address, "alice", &["--connect-timeout", "100ms"]);
    let mut connection = server.accept();
    // On a busy machine the client may give up before it has sent its login, so the test does not expect the login.
    connection.rest();
    let (code, errors) = alice.ended();
    assert_eq!(code, 1);
    assert!(
        errors.contains("did not answer the login within 100ms; check that it speaks Chaton"),
        "{errors}"
    );
}

#[test]
fn control_characters_are_shown_escaped() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &[]).lines();
    let mut connection = server.accept_login("alice");
    alice.expect("-- logged in as alice");
    connection.send(&ServerFrame::Message {
        login: "bob> yes\u{202e}",
        msg: "\u{1b}]0;owned\u{7}\r\n<carol> I agree\u{200b}\u{9b}2J",
    });
    alice.expect(
        "<\"bob> yes\\u{202e}\"> \\u{1b}]0;owned\\u{7}\\r\\n<carol> I agree\\u{200b}\\u{9b}2J",
    );
    connection.send(&ServerFrame::RequestPrivate {
        requester: "bob\nx",
        target: "alice",
    });
    alice.expect(
        "-- \"bob\\nx\" asks for a private connection (/accept \"bob\\nx\" or /deny \"bob\\nx\")",
    );
    // The user can type a name exactly as the client has shown it.
    alice.say("/deny \"bob\\nx\"");
    connection.expect(&ClientFrame::KoPrivate {
        requester: "bob\nx",
        target: "alice",
    });
    alice.say("/quit");
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), (vec![], 0, String::new()));
}

#[test]
fn the_server_cannot_make_the_client_open_a_connection() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &[]).lines();
    let mut connection = server.accept_login("alice");
    alice.expect("-- logged in as alice");
    connection.send(&ServerFrame::IdPrivate {
        requester: "bob",
        target: "alice",
        connect_id: 1,
    });
    alice.expect(
        "-- ignored: the server sent a frame that this client did not expect: ID_PRIVATE requester=\"bob\" target=\"alice\" \
         connect_id=(not shown)",
    );
    alice.say("/quit");
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), (vec![], 0, String::new()));
}

#[test]
fn bytes_of_a_private_connection_become_escaped_lines() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &["--json"]).lines();
    let mut connection = server.accept_login("alice");
    alice.expect(r#"{"event":"logged_in","login":"alice"}"#);
    let (requester, target) = ("bob", "alice");
    connection.send(&ServerFrame::RequestPrivate { requester, target });
    alice.expect(r#"{"event":"private_asked","peer":"bob"}"#);
    alice.say("/accept bob");
    connection.expect(&ClientFrame::OkPrivate { requester, target });
    let connect_id = 42;
    connection.send(&ServerFrame::IdPrivate {
        requester,
        target,
        connect_id,
    });
    let mut tunnel = server.accept();
    tunnel.expect(&ClientFrame::LoginPrivate { connect_id });
    // One write contains ESTABLISHED and the bytes of the peer that follow it.
    tunnel.send_bytes(b"\x0aone\r\n\x1b[2J\n\xff\xfe\nno end");
    tunnel.send_no_more();
    alice.expect(r#"{"event":"private_agreed","peer":"bob"}"#);
    alice.expect(r#"{"event":"private_up","peer":"bob"}"#);
    alice.expect(r#"{"event":"private_text","peer":"bob","text":"one\r","complete":true}"#);
    alice.expect(r#"{"event":"private_text","peer":"bob","text":"\u001b[2J","complete":true}"#);
    alice.expect(r#"{"event":"private_text","peer":"bob","hex":"fffe","complete":true}"#);
    alice.expect(r#"{"event":"private_text","peer":"bob","text":"no end","complete":false}"#);
    alice.expect(r#"{"event":"private_eof","peer":"bob"}"#);
    alice.say("/quit");
    assert_eq!(tunnel.rest(), b"");
    drop(tunnel);
    assert_eq!(connection.rest(), b"");
    drop(connection);
    let closed = r#"{"event":"private_closed","peer":"bob"}"#.to_owned();
    assert_eq!(alice.ended(), (vec![closed], 0, String::new()));
}

/// Number of lines. These lines do not fit into the buffers between the two programs.
const MANY_LINES: usize = 40_000;

#[test]
fn a_server_that_reads_nothing_holds_back_only_typed_lines() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &[]);
    let mut input = alice.input.take().unwrap();
    let alice = alice.lines();
    let mut connection = server.accept_login("alice");
    alice.expect("-- logged in as alice");
    let text = "x".repeat(1000);
    let line = format!("{text}\n");
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..MANY_LINES {
                input.write_all(line.as_bytes()).unwrap();
            }
        });
        for round in 0..100 {
            let msg = &format!("round {round}");
            connection.send(&ServerFrame::Message { login: "bob", msg });
            alice.expect(&format!("<bob> {msg}"));
        }
        for _ in 0..MANY_LINES {
            let msg = &text;
            connection.expect(&ClientFrame::Message {
                login: "alice",
                msg,
            });
        }
    });
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), (vec![], 0, String::new()));
}
