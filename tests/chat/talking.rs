//! Tests of two clients in line mode and a real server.

use std::io::Write;
use std::net::Shutdown;
use std::thread;

use matou_protocols::chaton::{ClientFrame, Codec, ServerFrame};
use rstest::rstest;

use super::program::{Chat, Scripted, Server, matou};

#[test]
fn two_clients_talk_in_public_in_private_and_on_a_private_connection() {
    let server = Server::start();
    let mut alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let mut bob = server.chat("bob%20b", &[]).lines();
    bob.expect("-- logged in as \"bob b\"");

    alice.say("hello, everybody");
    alice.expect("<alice> hello, everybody");
    bob.expect("<alice> hello, everybody");
    bob.say("//msg is a command");
    alice.expect("<\"bob b\"> /msg is a command");
    bob.expect("<\"bob b\"> /msg is a command");
    alice.say("/msg \"bob b\" psst");
    bob.expect("*alice* psst");

    alice.say("/private \"bob b\"");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    alice.expect("-- opening the private connection with \"bob b\"");
    bob.expect("-- opening the private connection with alice");
    alice.expect(
        "-- private connection with \"bob b\" is open (/tell \"bob b\" TEXT, /close \"bob b\")",
    );
    bob.expect("-- private connection with alice is open (/tell alice TEXT, /close alice)");
    alice.say("/tell \"bob b\" for you alone");
    bob.expect("[alice] for you alone");
    alice.say("/close \"bob b\"");
    bob.expect("-- alice has stopped sending on the private connection (/close alice closes it)");
    bob.say("/tell alice one more thing");
    alice.expect("[\"bob b\"] one more thing");
    bob.say("/close alice");
    alice.expect("-- private connection with \"bob b\" is closed");
    bob.expect("-- private connection with alice is closed");

    alice.quit();
    bob.quit();
}

#[test]
fn both_sides_may_agree_on_a_long_of_four_bytes() {
    let mut server = Server::listening("chaton=127.0.0.1:0,long=4");
    server.address += "?long=4";
    let mut alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/accept alice");
    bob.expect("-- opening the private connection with alice");
    bob.expect("-- private connection with alice is open (/tell alice TEXT, /close alice)");
}

#[test]
fn a_request_is_denied() {
    let server = Server::start();
    let mut alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    alice.say("/private bob");
    bob.expect("-- alice asks for a private connection (/accept alice or /deny alice)");
    bob.say("/deny alice");
    alice.expect("-- bob declined the private connection");
    alice.quit();
    bob.quit();
}

#[test]
fn events_are_json_on_request() {
    let server = Server::start();
    let mut alice = server.chat("alice", &["--json"]).lines();
    alice.expect(r#"{"event":"logged_in","login":"alice"}"#);
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    bob.say("\"quoted\"\u{202e}");
    alice.expect(r#"{"event":"message","from":"bob","text":"\"quoted\"\u202e"}"#);
    bob.say("/msg alice psst");
    alice.expect(r#"{"event":"whisper","from":"bob","text":"psst"}"#);
    bob.say("/private alice");
    alice.expect(r#"{"event":"private_asked","peer":"bob"}"#);
    alice.say("/accept bob");
    alice.expect(r#"{"event":"private_agreed","peer":"bob"}"#);
    alice.expect(r#"{"event":"private_up","peer":"bob"}"#);
    bob.expect("<bob> \"quoted\"\\u{202e}");
    bob.expect("-- opening the private connection with alice");
    bob.expect("-- private connection with alice is open (/tell alice TEXT, /close alice)");
    bob.say("/tell alice hi");
    alice.expect(r#"{"event":"private_text","peer":"bob","text":"hi","complete":true}"#);
    bob.say("/close alice");
    alice.expect(r#"{"event":"private_eof","peer":"bob"}"#);
    alice.say("/close bob");
    alice.expect(r#"{"event":"private_closed","peer":"bob"}"#);
    bob.expect("-- private connection with alice is closed");
    alice.quit();
    bob.quit();
}

#[test]
fn a_login_in_use_is_refused_with_a_code_of_its_own() {
    let server = Server::start();
    let alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    let second = server.chat("alice", &[]).lines();
    second.expect("-- the server refused the login alice");
    let errors =
        "matou: the server refused the login alice: perhaps this login is in use; choose another login\n"
            .to_owned();
    assert_eq!(second.ended(), (vec![], 3, errors));
    alice.quit();
}

#[rstest]
#[case::chaton("chaton")]
#[case::chatos_groupe2("chatos-groupe2")]
#[case::chatos_1_0("chatos-1.0")]
fn a_login_that_is_refused_because_of_a_character_is_not_said_to_be_in_use_only(
    #[case] protocol: &str,
) {
    let server = Server::speaking(protocol);
    let second = server.chat("name%e2%80%8b", &[]).lines();
    let (_, code, errors) = second.ended();
    let reason =
        "perhaps this login is in use, or the server refuses the character U+200B in a login";
    assert_eq!(code, 3);
    assert!(errors.contains(reason), "{errors}");
}

#[test]
fn text_in_utf_16_without_a_mark_is_refused() {
    let server = Server::start();
    let mut alice = server.chat("alice", &[]).lines();
    let text: Vec<_> = "hi\nyou\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    alice.write(&text);
    alice.end_input();
    let (events, code, errors) = alice.ended();
    assert_eq!((&*events, code), (&["-- logged in as alice".into()][..], 2));
    let reason = "matou: cannot read standard input: it is text in UTF-16; save it as UTF-8\n";
    assert!(errors.starts_with(reason), "{errors}");
}

#[test]
fn lines_of_a_script_are_delivered_before_it_ends() {
    let server = Server::start();
    let bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    let mut alice = server.chat("alice", &[]).lines();
    alice.say("one");
    alice.say("");
    alice.say("two");
    alice.end_input();
    let (events, code, errors) = alice.ended();
    assert_eq!(
        events,
        ["-- logged in as alice", "<alice> one", "<alice> two"]
    );
    assert_eq!((code, &*errors), (0, ""));
    bob.expect("<alice> one");
    bob.expect("<alice> two");
    bob.quit();
}

#[test]
fn a_line_that_cannot_be_sent_is_reported_and_remembered() {
    let server = Server::start();
    let mut alice = server.chat("alice", &[]).lines();
    alice.say("/mgs bob hi");
    alice.say(&"é".repeat(513));
    alice.say("/tell bob hi");
    alice.say("ok");
    alice.end_input();
    let (events, code, errors) = alice.ended();
    assert_eq!(events, ["-- logged in as alice", "<alice> ok"]);
    assert_eq!(code, 2);
    assert_eq!(
        errors,
        "matou: line 1: unknown command \"/mgs\"; type /help for a list, or //mgs to send it as text\n\
         matou: line 2: the message is 1026 bytes long, 2 more than the 1024 that can be sent; shorten it\n\
         matou: line 3: you have no private connection with \"bob\"; ask for one with /private\n\
         matou: some lines were not sent\n"
    );
}

#[test]
fn help_says_what_can_be_typed() {
    let server = Server::start();
    let mut alice = server.chat("alice", &[]).lines();
    alice.say("/help");
    alice.say("/quit");
    let (_, code, errors) = alice.ended();
    assert_eq!(code, 0);
    for command in ["/msg", "/private", "/accept", "/deny", "/tell", "/close"] {
        assert!(errors.contains(command), "{command} in {errors}");
    }
}

#[test]
fn with_stay_the_client_listens_until_the_server_stops() {
    let mut server = Server::start();
    let mut alice = server.chat("alice", &["--stay"]).lines();
    alice.expect("-- logged in as alice");
    alice.end_input_and_wait();
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    bob.say("still there?");
    alice.expect("<bob> still there?");
    bob.expect("<bob> still there?");
    bob.quit();
    server.stop();
    assert_eq!(alice.ended(), (vec![], 0, String::new()));
}

#[test]
fn with_reconnect_a_script_goes_on_after_a_lost_connection() {
    let server = Scripted::start();
    let mut alice = Chat::start(&server.address, "alice", &["--reconnect"]).lines();
    let first = server.accept_login("alice");
    alice.expect("-- logged in as alice");
    drop(first);
    // The server has not noticed yet that the first connection was lost. So it says that the login is in use.
    let mut refusing = server.accept();
    refusing.expect(&ClientFrame::Login { login: "alice" });
    refusing.send(&ServerFrame::LoginRefused);
    alice.expect("-- the server refused the login alice");
    let mut again = server.accept_login("alice");
    alice.expect("-- logged in as alice");
    alice.say("hi");
    let (login, msg) = ("alice", "hi");
    again.expect(&ClientFrame::Message { login, msg });
    again.send(&ServerFrame::Message { login, msg });
    alice.expect("<alice> hi");
    alice.end_input();
    assert_eq!(again.rest(), b"");
    drop(again);
    let (events, code, errors) = alice.ended();
    assert_eq!((events, code), (vec![], 0), "{errors}");
    for remark in ["trying again in 1 s", "trying again in 2 s", "you missed"] {
        assert!(errors.contains(remark), "{errors}");
    }
}

#[test]
fn a_client_whose_output_is_blocked_ends_with_its_input() {
    let server = Scripted::start();
    // The test never reads the output of this client.
    let mut alice = Chat::start(&server.address, "alice", &[]);
    let connection = server.accept_login("alice");
    let mut flood = Vec::new();
    let frame = ServerFrame::Message {
        login: "bob",
        msg: &"x".repeat(1000),
    };
    (0..1000).for_each(|_| frame.encode(Codec::default(), &mut flood));
    let mut flooded = connection.stream.try_clone().unwrap();
    // If the client stops reading, this write blocks until the client ends. Then the write fails.
    let flooding = thread::spawn(move || drop(flooded.write_all(&flood)));
    alice.input = None;
    let (code, errors) = alice.ended();
    assert_eq!(code, 1);
    let reason = "matou: cannot write output: the program that reads it accepted nothing for 5 s\n";
    assert_eq!(errors, reason);
    // If the client has not read all bytes, the write in the other thread still blocks. This shutdown ends it.
    let _ = connection.stream.shutdown(Shutdown::Both);
    flooding.join().unwrap();
}

#[test]
fn an_interrupt_leaves_in_order() {
    let server = Scripted::start();
    let alice = Chat::start(&server.address, "alice", &[]).lines();
    let mut connection = server.accept_login("alice");
    alice.expect("-- logged in as alice");
    alice.interrupt();
    assert_eq!(connection.rest(), b"");
    drop(connection);
    assert_eq!(alice.ended(), (vec![], 0, String::new()));
}

#[test]
fn a_server_that_closes_is_an_error() {
    let mut server = Server::start();
    let alice = server.chat("alice", &[]).lines();
    alice.expect("-- logged in as alice");
    server.kill();
    let (events, code, errors) = alice.ended();
    assert_eq!((events, code), (vec![], 1));
    assert!(errors.contains("connection"), "{errors}");
}

#[test]
fn a_closed_output_ends_the_program_quietly() {
    let server = Server::start();
    let mut bob = server.chat("bob", &[]).lines();
    bob.expect("-- logged in as bob");
    let mut alice = server.chat("alice", &["--stay"]);
    alice.close_output();
    // The client notices the closed output only when it writes. It may have written the event of its own login before the
    // test closed the output. Bob sends a message now, so the client must write again.
    bob.say("hello?");
    bob.expect("<bob> hello?");
    bob.say("/msg alice hello?");
    assert_eq!(alice.ended(), (0, String::new()));
    bob.quit();
}

#[rstest]
#[case::no_address(&[])]
#[case::another_protocol(&["http://alice@127.0.0.1"])]
#[case::no_login(&["chaton://127.0.0.1"])]
#[case::too_long_a_login(&["chaton://0123456789012345678901234567890@127.0.0.1"])]
#[case::an_option_that_does_not_exist(&["chaton://alice@127.0.0.1", "--quiet"])]
#[case::wait_without_tunnel(&["chaton://alice@127.0.0.1", "--wait"])]
#[case::a_tunnel_to_oneself(&["chaton://alice@127.0.0.1", "--tunnel", "alice"])]
#[case::no_time_at_all(&["chaton://alice@127.0.0.1", "--connect-timeout", "0s"])]
fn wrong_usage_has_its_code(#[case] arguments: &[&str]) {
    let output = matou().arg("chat").args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}
