//! Tests of long pastes into a terminal. In some tests the server or the peer reads fast; in the other tests it reads
//! nothing.

use std::fs;
use std::io::Write;
use std::thread;

use matou_protocols::chaton::{ClientFrame, ServerFrame};
use rstest::rstest;

use super::program::{Chat, Peer, Scripted, Server, Talk};
use super::screen::{Screen, USUAL};

/// How the terminal passes a paste to the program.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// With a mark before and after the pasted text. The program sends the pasted lines when the user presses Enter.
    Bracketed,
    /// Without marks, as if the user pressed the keys very fast.
    AsKeys,
}

fn ten_thousand_lines() -> Vec<String> {
    (0..10_000).map(|number| format!("line {number}")).collect()
}

/// Returns 1 MiB of lines. Each line has the maximum length of a message that all protocols accept.
fn mebibyte() -> Vec<String> {
    many_bytes(1024)
}

fn many_bytes(lines: usize) -> Vec<String> {
    let text = "x".repeat(1024 - "line 1234 ".len());
    (0..lines)
        .map(|number| format!("line {number:04} {text}"))
        .collect()
}

fn paste(screen: &mut Screen, lines: &[String], way: Way) {
    let text = lines.join("\r");
    match way {
        Way::Bracketed => screen.press(&format!("\x1b[200~{text}\x1b[201~\r")),
        Way::AsKeys => screen.press(&format!("{text}\r")),
    }
}

/// Checks that all these lines arrive in this order, each with `mark` before it. Other events may arrive between the lines.
fn expect_all(talk: &Talk, mark: &str, lines: &[String]) {
    let mut came = std::iter::repeat_with(|| talk.next())
        .filter_map(|event| event.strip_prefix(mark).map(str::to_owned));
    for (number, line) in lines.iter().enumerate() {
        let event = came.next();
        assert!(event.as_ref() == Some(line), "line {number} is {event:?}");
    }
}

fn alice(server: &Server, options: &[&str]) -> Screen {
    let alice = Screen::with(&server.url("alice"), options, USUAL, |command| {
        command.env("NO_COLOR", "1");
    });
    alice.expect("logged in as alice");
    alice
}

fn bob(server: &Server, options: &[&str]) -> Talk {
    let bob = server.chat("bob", options).lines();
    bob.expect("-- logged in as bob");
    bob
}

/// Opens a private connection between alice and bob. From then on, the lines that alice types are sent to bob.
fn meet(alice: &mut Screen, bob: &mut Talk) {
    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    alice.expect("private connection with bob is open");
    alice.say("/tell bob");
    alice.expect("what you type is sent to bob only");
}

#[rstest]
#[case::lines(ten_thousand_lines(), Way::Bracketed)]
#[case::lines_as_keys(ten_thousand_lines(), Way::AsKeys)]
#[case::bytes(mebibyte(), Way::Bracketed)]
#[case::bytes_as_keys(mebibyte(), Way::AsKeys)]
fn a_long_paste_arrives_in_the_room(
    #[case] lines: Vec<String>,
    #[case] way: Way,
    #[values("chaton", "chatos-groupe2", "chatos-1.0", "chathack")] protocol: &str,
) {
    let server = Server::speaking(protocol);
    let mut alice = alice(&server, &[]);
    let bob = bob(&server, &[]);
    paste(&mut alice, &lines, way);
    // Alice leaves while most of the paste still waits to be sent. The program ends only after it has sent everything.
    alice.quit();
    expect_all(&bob, "<alice> ", &lines);
    bob.quit();
}

#[rstest]
#[case::lines(ten_thousand_lines(), Way::Bracketed)]
#[case::lines_as_keys(ten_thousand_lines(), Way::AsKeys)]
#[case::bytes(mebibyte(), Way::Bracketed)]
#[case::bytes_as_keys(mebibyte(), Way::AsKeys)]
fn a_long_paste_arrives_on_a_private_connection(
    #[case] lines: Vec<String>,
    #[case] way: Way,
    #[values("chaton", "chatos-groupe2", "chatos-1.0", "chathack")] protocol: &str,
) {
    let server = Server::speaking(protocol);
    let (mut alice, mut bob) = (alice(&server, &[]), bob(&server, &[]));
    meet(&mut alice, &mut bob);
    paste(&mut alice, &lines, way);
    expect_all(&bob, "[alice] ", &lines);
    // Bob may receive the last line before alice's terminal shows it as sent.
    let number = lines.last().unwrap().split(' ').take(2);
    let last = format!("[to bob] {}", number.collect::<Vec<_>>().join(" "));
    alice.wait("the last line, and an empty line to type in", |screen| {
        let (row, _) = screen.cursor_position();
        let (_, columns) = screen.size();
        screen.contents().contains(&last)
            && screen
                .rows(0, columns.get())
                .nth(row.into())
                .is_some_and(|row| row.trim_end() == "[bob]")
    });
    // The terminal must show exactly those lines as sent that have arrived at bob.
    assert_eq!(alice.raw().matches("[to bob] line ").count(), lines.len());
    alice.quit();
    bob.say("/quit");
    assert_eq!(bob.ended().1, 0);
}

#[rstest]
fn a_long_paste_arrives_beside_a_file(
    #[values("chaton", "chatos-1.0", "chathack")] protocol: &str,
) {
    const LENGTH: usize = 5_000_000;
    let folder = tempfile::tempdir().unwrap();
    let (file, downloads) = (folder.path().join("cat"), folder.path().join("downloads"));
    fs::write(&file, vec![b'x'; LENGTH]).unwrap();
    fs::create_dir(&downloads).unwrap();
    let options = [
        "--max-file",
        "1G",
        "--downloads",
        downloads.to_str().unwrap(),
    ];
    let server = Server::speaking(protocol);
    let (mut alice, mut bob) = (alice(&server, &options), bob(&server, &options));
    meet(&mut alice, &mut bob);
    alice.say(&format!("/send bob {}", file.display()));
    if protocol != "chathack" {
        while !bob.next().contains("offers") {}
        bob.say("/accept alice");
    }
    alice.expect("sending cat");
    let lines = ten_thousand_lines();
    paste(&mut alice, &lines, Way::Bracketed);
    expect_all(&bob, "[alice] ", &lines);
    alice.say("/quit");
    bob.say("/quit");
}

/// Returns a server that has stopped reading, and a terminal. The text that was pasted into the terminal is larger than all
/// buffers on the way to the server together.
fn stuck() -> (Scripted, Peer, Screen) {
    let server = Scripted::start();
    let mut alice = server.terminal(&[], USUAL);
    let connection = server.accept_login("alice");
    alice.expect("logged in as alice");
    paste(&mut alice, &many_bytes(8192), Way::Bracketed);
    alice.expect("lines to be sent");
    (server, connection, alice)
}

fn expect_end(alice: &Screen) {
    alice.wait("the end of the program", |screen| !screen.bracketed_paste());
}

#[rstest]
#[case::quit("/quit\r")]
#[case::quit_at_once("/quit\r/quit\r")]
#[case::ctrl_c("\x03")]
#[case::ctrl_c_twice("\x03\x03")]
fn a_person_can_leave_while_the_server_reads_nothing(#[case] keys: &str) {
    let (_server, _connection, mut alice) = stuck();
    // Messages still appear when they arrive, and the user can still edit the typed line.
    alice.press("x");
    alice.expect_typed("> x");
    alice.press("\x7f");
    alice.press(keys);
    expect_end(&alice);
    alice.expect(" not sent");
    alice.ended();
}

#[test]
fn a_stalled_server_is_given_up_with_the_reason() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &["--stall-timeout", "300ms"]);
    let mut input = alice.input.take().unwrap();
    let _connection = server.accept_login("alice");
    let line = format!("{}\n", "x".repeat(1000));
    thread::scope(|scope| {
        // This thread writes to the client's input until the client has ended. Then the write fails.
        scope.spawn(move || while input.write_all(line.as_bytes()).is_ok() {});
        let (code, errors) = alice.ended();
        assert_eq!(code, 1);
        let reason = "does not read: it accepted no data for 300ms; ";
        assert!(errors.contains(reason), "{errors}");
        assert!(errors.contains(" bytes were not sent"), "{errors}");
    });
}

#[test]
fn a_stalled_peer_does_not_delay_others_and_is_given_up() {
    let server = Scripted::start();
    let mut alice = server.terminal(&["--stall-timeout", "8s"], (24, 120));
    let mut connection = server.accept_login("alice");
    alice.expect("logged in as alice");
    alice.say("/private bob");
    let (requester, target) = ("alice", "bob");
    connection.expect(&ClientFrame::RequestPrivate { requester, target });
    let connect_id = 42;
    connection.send(&ServerFrame::IdPrivate {
        requester,
        target,
        connect_id,
    });
    let mut tunnel = server.accept();
    tunnel.expect(&ClientFrame::LoginPrivate { connect_id });
    tunnel.send(&ServerFrame::Established);
    alice.expect("private connection with bob is open");
    alice.say("/tell bob");
    alice.expect("what you type is sent to bob only");
    paste(&mut alice, &many_bytes(8192), Way::Bracketed);
    alice.expect("lines to be sent");
    alice.say("/tell");
    // The lines that are being sent to bob may move this text off the screen at once.
    alice.expect_once("what you type is sent to everyone");
    alice.say("hello, everybody");
    let (login, msg) = ("alice", "hello, everybody");
    connection.expect(&ClientFrame::Message { login, msg });
    alice.expect("lines for bob were not sent");
    // The typed line contains the lines that were not sent, each as a command that sends it to bob. So the user can send
    // them again, and does not send them to everyone by mistake.
    alice.wait("the end of the lines that were not sent", |screen| {
        screen.contents().ends_with("x↵")
    });
    alice.press("\x01");
    alice.wait("their beginning", |screen| {
        screen.contents().contains("> /tell bob line ")
    });
    alice.press("\x03");
    alice.expect_typed(">");
    alice.say("/quit");
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), 0);
    assert!(tunnel.stream.peer_addr().is_ok());
}
