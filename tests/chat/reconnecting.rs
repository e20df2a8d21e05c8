//! Tests of lost connections: what happens to the lines of a script that the server has not read.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use matou_protocols::chaton::{ClientFrame, ServerFrame};

use super::program::{Chat, Peer, Scripted};

const LOGIN: &str = "alice";

/// Receives a message of alice, and sends it back, as every server of Chaton does.
fn relay(server: &mut Peer, msg: &str) {
    server.expect(&ClientFrame::Message { login: LOGIN, msg });
    server.send(&ServerFrame::Message { login: LOGIN, msg });
}

#[test]
fn with_reconnect_lines_that_the_server_did_not_confirm_are_told_with_their_numbers() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, LOGIN, &["--reconnect"]).lines();
    let mut first = server.accept_login(LOGIN);
    alice.expect("-- logged in as alice");
    alice.say("one");
    relay(&mut first, "one");
    alice.expect("<alice> one");
    for msg in ["two", "three"] {
        alice.say(msg);
        let login = LOGIN;
        first.expect(&ClientFrame::Message { login, msg });
    }
    drop(first);
    let mut again = server.accept_login(LOGIN);
    alice.expect("-- logged in as alice");
    alice.say("four");
    relay(&mut again, "four");
    alice.expect("<alice> four");
    alice.end_input();
    assert_eq!(again.rest(), b"");
    drop(again);
    let (events, code, errors) = alice.ended();
    assert_eq!((events, code), (vec![], 2), "{errors}");
    let told = "matou: 2 lines may be lost: the server had not confirmed them when the connection ended\n  \
                line 2: two\n  line 3: three\n";
    assert!(errors.contains(told), "{errors}");
    assert!(
        errors.ends_with("matou: some lines may be lost\n"),
        "{errors}"
    );
}

#[test]
fn a_server_that_leaves_without_reading_the_last_lines_is_told() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, LOGIN, &["--reconnect"]).lines();
    let mut connection = server.accept_login(LOGIN);
    alice.say("one");
    alice.end_input();
    // The server receives the line and the end of the connection, and closes the connection without an answer.
    assert_ne!(connection.rest(), b"");
    drop(connection);
    let (events, code, errors) = alice.ended();
    assert_eq!((&*events, code), (&["-- logged in as alice".into()][..], 2));
    assert!(errors.contains("1 line may be lost"), "{errors}");
    assert!(errors.contains("line 1: one"), "{errors}");
}

/// The script has more lines than fit into the buffers between client and server. So when the connection ends, some lines
/// are in the server's buffer, some are in the client's buffer, and some are not written yet. Each line must either arrive
/// or be reported as lost.
#[test]
fn with_reconnect_no_line_of_a_long_script_vanishes() {
    const LINES: usize = 8000;
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, LOGIN, &["--reconnect"]);
    let connection = server.accept_login(LOGIN);
    let mut input = alice.input.take().unwrap();
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let script = thread::spawn(move || {
        for number in 1..=LINES {
            writeln!(input, "{}", text(number)).unwrap();
            count.store(number, Ordering::Relaxed);
        }
    });
    // The server reads nothing until the buffers are full. If the machine is so slow that this loop ends too early, fewer
    // lines wait in the buffers, but the test can still pass.
    let mut before = 0;
    loop {
        thread::park_timeout(Duration::from_millis(500));
        let now = written.load(Ordering::Relaxed);
        if now > 0 && now == before {
            break;
        }
        before = now;
    }
    // The server closes the connection before it has read all bytes, so the system resets the connection.
    drop(connection);
    let mut again = server.accept_login(LOGIN);
    let mut frames = again.rest();
    drop(again);
    script.join().unwrap();
    let mut arrived = Vec::new();
    while !frames.is_empty() {
        let length = 1 + 4 + LOGIN.len() + 4 + text(1).len();
        let frame: Vec<_> = frames.drain(..length).collect();
        let text = String::from_utf8(frame[length - text(1).len()..].to_vec()).unwrap();
        arrived.push(text[..5].parse::<usize>().unwrap());
    }
    let first = *arrived.first().unwrap();
    assert_eq!(arrived, (first..=LINES).collect::<Vec<_>>());
    let (code, errors) = alice.ended();
    assert_eq!(code, 2, "{errors}");
    if first > 1 {
        let told = format!("matou: {} lines may be lost", first - 1);
        assert!(errors.contains(&told), "{told}: {errors}");
        assert!(
            errors.contains(&format!("line {}: ", first - 1)),
            "{errors}"
        );
    }
}

fn text(number: usize) -> String {
    format!("{number:05} {}", "x".repeat(994))
}
