//! Tests of `matou chat` in a terminal: a test presses keys as a person does, and checks what the screen then shows.

use std::io::Write;
use std::thread;
use std::time::Duration;

use matou_protocols::chaton::{ClientFrame, Codec, ServerFrame};
use rstest::rstest;
use rustix::process::Signal;

use super::program::{Scripted, Server, signal};
use super::screen::{Screen, USUAL, chat_in, open_terminal, rows};

/// Returns the messages on the screen, without their times.
fn messages(screen: &vt100::Screen) -> Vec<String> {
    rows(screen)
        .iter()
        .filter_map(|row| row.split_once(" <")?.1.split_once("> "))
        .map(|(_, text)| text.to_owned())
        .collect()
}

#[test]
fn typing_stays_whole_while_two_thousand_lines_arrive() {
    let server = Server::start();
    // The screen has enough rows for all lines, so no line scrolls away.
    let mut alice = server.wide_terminal("alice", &[], (2100, 80));
    alice.expect("logged in as alice");
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    let typed = "what I wanted to say, été 世界 👍 ".repeat(6);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..2000 {
                bob.say(&format!("line {number}"));
            }
        });
        for (count, character) in typed.trim_end().chars().enumerate() {
            alice.press(character.encode_utf8(&mut [0; 4]));
            // After each key, the test waits until the next lines of the flood have arrived. So it presses keys during the
            // whole flood.
            alice.expect(&format!("line {}", count * 2));
        }
    });
    alice.expect("line 1999");
    alice.press("\x01\x0b\x19");
    alice.press("\r");
    let expected: Vec<_> = (0..2000).map(|number| format!("line {number}")).collect();
    alice.wait("all lines, in order, and what was typed", |screen| {
        let messages = messages(screen);
        messages.len() == 2001 && messages[..2000] == expected
    });
    for number in 0..2000 {
        bob.expect(&format!("<bob> line {number}"));
    }
    bob.expect(&format!("<alice> {}", typed.trim_end()));
    alice.quit();
    bob.quit();
}

#[test]
fn commands_and_names_are_completed_and_lines_remembered() {
    let server = Server::start();
    let mut alice = server.terminal("alice", &[]);
    alice.expect("logged in as alice");
    let mut bob = server.chat("bob%20b", &[]).lines();
    bob.expect("-- logged in as \"bob b\"");
    bob.say("hi");
    alice.expect("<\"bob b\"> hi");
    alice.press("/ms\tbo\tpsst");
    alice.expect_typed("> /msg \"bob b\" psst");
    alice.press("\r");
    bob.expect("<\"bob b\"> hi");
    bob.expect("*alice* psst");
    alice.expect("*to \"bob b\"* psst");
    alice.press("another\x1b[A");
    alice.expect_typed("> /msg \"bob b\" psst");
    alice.press("\x1b[B");
    alice.expect_typed("> another");
    alice.press("\x03");
    alice.expect_typed(">");
    bob.say("/msg alice and you?");
    alice.expect("*\"bob b\"* and you?");
    alice.say("/reply me too");
    bob.expect("*alice* me too");
    alice.say("/ignore \"bob b\"");
    alice.expect("messages from \"bob b\" are hidden");
    bob.say("still there?");
    bob.expect("<\"bob b\"> still there?");
    // All clients receive alice's message after bob's. So when alice's message is shown, bob's message has arrived too, and
    // the test may type the next command.
    alice.say("I see nothing");
    alice.expect("<alice> I see nothing");
    bob.expect("<alice> I see nothing");
    alice.say("/ignore \"bob b\"");
    alice.expect("are shown again");
    assert!(!alice.text().contains("still there?"));
    alice.quit();
    bob.quit();
}

#[test]
fn a_refused_login_asks_for_another() {
    let server = Server::start();
    let alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let mut second = server.terminal("alice", &[]);
    second.expect("choose another login");
    second.expect_typed("login: alice_");
    second.press("\x152nd alice\r");
    second.expect("logged in as \"2nd alice\"");
    second.say("hi");
    alice.expect("<\"2nd alice\"> hi");
    second.quit();
    alice.quit();
}

#[test]
fn a_draft_never_becomes_a_login_and_a_login_never_a_message() {
    let server = Scripted::start();
    // If the login is refused after the client has reconnected, the client usually tries again for a while. With this
    // option, it asks the user for another login at once.
    let mut alice = server.terminal(&["--retry-login", "1ms"], USUAL);
    let first = server.accept_login("alice");
    alice.expect("logged in as alice");
    alice.press("half a sen");
    alice.expect_typed("> half a sen");
    drop(first);
    let mut refusing = server.accept();
    refusing.expect(&ClientFrame::Login { login: "alice" });
    refusing.send(&ServerFrame::LoginRefused);
    alice.expect_typed("login: alice");
    alice.press("_2");
    alice.expect_typed("login: alice_2");
    // The connection is lost again while the client asks for a login.
    drop(refusing);
    alice.expect_typed("> half a sen");
    let mut again = server.accept();
    again.expect(&ClientFrame::Login { login: "alice" });
    again.send(&ServerFrame::LoginRefused);
    alice.expect_typed("login: alice");
    alice.press("\r");
    again.expect(&ClientFrame::Login { login: "alice" });
    again.send(&ServerFrame::LoginAccepted);
    alice.expect("you missed the messages");
    alice.expect_typed("> half a sen");
    alice.press("tence\r");
    // The next frame is this message. So the client used the typed text only as a login, and did not also send it as a
    // message.
    again.expect(&ClientFrame::Message {
        login: "alice",
        msg: "half a sentence",
    });
    alice.say("/quit");
    assert_eq!(again.rest(), b"");
    drop(again);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn a_plain_line_that_was_typed_before_the_question_is_a_message() {
    let server = Scripted::start();
    let mut alice = server.terminal(&["--plain", "--retry-login", "1ms"], USUAL);
    let first = server.accept_login("alice");
    alice.expect("logged in as alice");
    drop(first);
    let mut again = server.accept();
    again.expect(&ClientFrame::Login { login: "alice" });
    alice.say("hello");
    alice.expect("what you type is sent after the client has reconnected");
    again.send(&ServerFrame::LoginRefused);
    alice.expect("choose another login");
    alice.say("alice_2");
    again.expect(&ClientFrame::Login { login: "alice_2" });
    again.send(&ServerFrame::LoginAccepted);
    again.expect(&ClientFrame::Message {
        login: "alice_2",
        msg: "hello",
    });
    alice.say("/quit");
    assert_eq!(again.rest(), b"");
    drop(again);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn the_own_login_is_tried_again_before_another_is_asked_for() {
    let server = Scripted::start();
    let mut alice = server.terminal(&[], USUAL);
    let first = server.accept_login("alice");
    alice.expect("logged in as alice");
    drop(first);
    // The server has not noticed yet that the first connection was lost. So it says that the login is in use.
    let mut refusing = server.accept();
    refusing.expect(&ClientFrame::Login { login: "alice" });
    refusing.send(&ServerFrame::LoginRefused);
    alice.expect("perhaps the server has not noticed yet that the old connection is lost");
    alice.expect("trying again in 2 s");
    let mut again = server.accept_login("alice");
    alice.expect("you missed the messages");
    assert!(!alice.raw().contains("choose another login"));
    alice.say("hi");
    again.expect(&ClientFrame::Message {
        login: "alice",
        msg: "hi",
    });
    alice.say("/quit");
    assert_eq!(again.rest(), b"");
    drop(again);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn a_line_that_is_not_utf8_is_not_sent_before_it_was_mended() {
    let server = Scripted::start();
    let mut alice = server.terminal(&[], USUAL);
    let mut connection = server.accept_login("alice");
    alice.expect("logged in as alice");
    alice.press_bytes(b"caf\xe9\r");
    alice.expect("the line is not UTF-8");
    // The model of the screen does not show the replacement character (U+FFFD), so the test looks for it in the raw output.
    assert!(alice.raw().contains("caf\u{fffd}"));
    alice.press("\x7fé\r");
    connection.expect(&ClientFrame::Message {
        login: "alice",
        msg: "café",
    });
    alice.say("/quit");
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn a_second_signal_ends_a_client_whose_terminal_accepts_nothing() {
    let server = Scripted::start();
    let url = format!("chaton://alice@{}", server.address);
    // The test never reads what the client writes to this terminal.
    let (_keyboard, terminal) = open_terminal(USUAL);
    let mut alice = chat_in(&terminal, &url, &[]).spawn().unwrap();
    let connection = server.accept_login("alice");
    let mut flood = Vec::new();
    let frame = ServerFrame::Message {
        login: "bob",
        msg: &"x".repeat(1000),
    };
    (0..1000).for_each(|_| frame.encode(Codec::default(), &mut flood));
    // When the server's writes fail, the client has stopped reading, because it is blocked in a write to the terminal.
    let mut stream = &connection.stream;
    let patience = Some(Duration::from_secs(2));
    stream.set_write_timeout(patience).unwrap();
    while stream.write_all(&flood).is_ok() {}
    // The test sends two different signals, because the system may merge two equal signals into one.
    signal(&alice, Signal::INT);
    signal(&alice, Signal::TERM);
    assert!(!alice.wait().unwrap().success());
}

#[test]
fn after_a_lost_connection_the_client_reconnects_and_reports_the_gap() {
    let server = Scripted::start();
    let mut alice = server.terminal(&[], USUAL);
    let first = server.accept_login("alice");
    alice.expect("logged in as alice");
    alice.press("half a sen");
    drop(first);
    alice.expect("trying again in 1 s");
    alice.expect("not connected");
    alice.press("tence\r");
    alice.expect("not connected");
    alice.expect_typed("> half a sentence");
    // The first attempt to reconnect fails.
    drop(server.accept());
    alice.expect("trying again in 2 s");
    let mut again = server.accept_login("alice");
    alice.expect("you missed the messages");
    alice.press("\r");
    again.expect(&ClientFrame::Message {
        login: "alice",
        msg: "half a sentence",
    });
    alice.say("/quit");
    assert_eq!(again.rest(), b"");
    drop(again);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn the_window_may_become_narrower_and_wider() {
    let server = Server::start();
    let mut alice = server.terminal("alice", &[]);
    alice.expect("logged in as alice");
    let typed = "0123456789".repeat(5);
    alice.press(&typed);
    alice.expect_typed(&format!("> {typed}"));
    for (size, end) in [
        ((10, 30), "3456789"),
        ((30, 120), &*typed),
        (USUAL, &*typed),
    ] {
        alice.resize(size);
        alice.wait("the end of what was typed, once", |screen| {
            let rows = rows(screen);
            let ends = rows.iter().filter(|row| row.ends_with(end)).count();
            let bars = rows
                .iter()
                .filter(|row| row.starts_with(" alice at "))
                .count();
            let (row, _) = screen.cursor_position();
            (ends, bars) == (1, 1) && usize::from(row) + 1 == rows.len()
        });
    }
    alice.press("\r");
    alice.expect(&format!("<alice> {typed}"));
    alice.quit();
}

#[test]
fn control_characters_of_peers_have_no_effect() {
    let server = Scripted::start();
    let mut alice = server.terminal(&["--bell"], USUAL);
    let mut connection = server.accept_login("alice");
    alice.expect("logged in as alice");
    let attack = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\n17:00 <carol> I agree\u{200b}\u{202e}\u{9b}2J";
    connection.send(&ServerFrame::Message {
        login: "bob\u{1b}[31m",
        msg: attack,
    });
    connection.send(&ServerFrame::RequestPrivate {
        requester: attack,
        target: "alice",
    });
    connection.send(&ServerFrame::Message {
        login: "bob",
        msg: "the end",
    });
    alice.expect("<bob> the end");
    let raw = alice.raw();
    for hidden in [
        "\u{1b}]",
        "\u{1b}[2J",
        "\u{7}",
        "\u{200b}",
        "\u{202e}",
        "\u{9b}",
    ] {
        assert!(!raw.contains(hidden), "{hidden:?} in {raw:?}");
    }
    assert!(!alice.text().contains("\n17:00 <carol>"));
    // A private message rings the bell, because the test has switched this on.
    connection.send(&ServerFrame::MessagePrivate {
        sender: "bob",
        target: "alice",
        msg: "psst",
    });
    alice.expect("*bob* psst");
    assert!(alice.raw().contains('\u{7}'));
    alice.say("/quit");
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), 0);
}

#[rstest]
#[case::colours("xterm-256color", None, &[], true, true)]
#[case::no_color("xterm-256color", Some("1"), &[], false, true)]
#[case::plain("xterm-256color", None, &["--plain"], false, false)]
#[case::dumb("dumb", None, &[], false, false)]
fn colours_and_painting_are_as_wanted(
    #[case] term: &str,
    #[case] no_color: Option<&str>,
    #[case] options: &[&str],
    #[case] colours: bool,
    #[case] painting: bool,
) {
    let server = Server::start();
    let mut alice = Screen::with(&server.url("alice"), options, USUAL, |command| {
        command
            .env("TERM", term)
            .envs(no_color.map(|value| ("NO_COLOR", value)));
    });
    alice.expect("logged in as alice");
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    bob.say("hello alice");
    alice.expect("<bob> hello alice");
    alice.say("/tell");
    alice.expect("to everyone");
    let raw = alice.raw();
    let has_colours = raw.contains("\x1b[3") || raw.contains("\x1b[9") || raw.contains("\x1b[1m");
    assert_eq!(has_colours, colours, "{raw:?}");
    assert_eq!(raw.contains('\x1b'), painting, "{raw:?}");
    bob.expect("<bob> hello alice");
    alice.quit();
    bob.quit();
}

#[test]
fn a_name_has_its_colour_and_the_own_name_is_highlighted() {
    let server = Scripted::start();
    let mut alice = server.terminal(&[], USUAL);
    let mut connection = server.accept_login("alice");
    for msg in ["one", "two", "alice: three"] {
        connection.send(&ServerFrame::Message { login: "bob", msg });
    }
    connection.send(&ServerFrame::Message {
        login: "alice",
        msg: "four",
    });
    alice.expect("<alice> four");
    alice.wait("colours", |screen| {
        let cell = |row, column| screen.cell(row, column).unwrap();
        // In "17:00 <bob> ", the name begins in column 7. The text begins in column 12.
        let bob = cell(1, 7).fgcolor();
        bob != vt100::Color::Default
            && cell(2, 7).fgcolor() == bob
            && cell(4, 7).bold()
            && cell(3, 12).bold()
            && !cell(2, 12).bold()
    });
    alice.say("/quit");
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn every_byte_of_a_frame_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("wire.log");
    let server = Server::start();
    let options = ["--wire-log", log.to_str().unwrap()];
    let mut alice = server.terminal("alice", &options);
    alice.expect("logged in as alice");
    alice.say("/wire");
    alice.expect("frames are shown");
    alice.say("hi");
    alice.expect("-> server: MESSAGE, 16 bytes");
    alice.expect("<- server: MESSAGE, 16 bytes");
    alice.expect("      61 6c 69 63 65           login \"alice\"");
    alice.expect("      68 69                    msg \"hi\"");
    alice.quit();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("-> server: LOGIN, 10 bytes"), "{log}");
    assert!(
        log.contains("<- server: LOGIN_ACCEPTED, 1 byte\n      01"),
        "{log}"
    );
}

#[test]
fn a_message_that_is_too_long_can_be_shortened() {
    let server = Server::start();
    let mut alice = server.terminal("alice", &[]);
    alice.expect("logged in as alice");
    // The program treats a paste as one typed line. In the typed line, the program shows each line end of the paste as a
    // sign. It sends each line as a separate message.
    alice.press(&format!("\x1b[200~{}\x1b[201~\r", "x".repeat(1026)));
    alice.expect("2 more than the 1024 that can be sent");
    alice.press("\x7f\x7f\r");
    alice.wait("the message, on its rows", |screen| {
        screen.contents().matches('x').count() >= 1024
    });
    alice.press("\x1b[200~one\ntwo\x1b[201~");
    alice.expect_typed("> one↵two");
    alice.press("\r");
    alice.expect("<alice> one");
    alice.expect("<alice> two");
    alice.quit();
}

#[rstest]
#[case::ctrl_c("\x03")]
#[case::ctrl_d("\x04")]
fn a_key_makes_the_client_leave(#[case] key: &str) {
    let server = Server::start();
    let mut alice = server.terminal("alice", &[]);
    alice.expect("logged in as alice");
    // When the typed line is not empty, Ctrl-C deletes it.
    alice.press("x");
    alice.expect_typed("> x");
    alice.press("\x03");
    alice.expect_typed(">");
    alice.press(key);
    assert_eq!(alice.ended(), 0);
}

#[test]
fn own_messages_are_shown_even_if_the_server_does_not_send_them_back() {
    let server = Server::speaking("chatos-1.0");
    let mut alice = server.terminal("alice", &[]);
    alice.expect("logged in as alice");
    let bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    alice.say("hello, everybody");
    bob.expect("<alice> hello, everybody");
    alice.expect("<alice> hello, everybody");
    alice.say("/wire");
    alice.say("hi");
    alice.expect("-> server: SMA, 12 bytes");
    alice.expect("      61 6c 69 63 65           sender \"alice\"");
    alice.expect("<- server: ERROR, 2 bytes");
    alice.expect("      01                       code 1 (OK)");
    bob.expect("<alice> hi");
    alice.quit();
    bob.quit();
}
