//! Tests of the client. Each test is a conversation: it says what each side sends, and what the client then does.

use rstest::rstest;

use super::*;
use crate::wire::Malformed;

/// A client whose first password is 7.
fn client() -> Chatos10Client {
    Chatos10Client::new(Box::new(|| 7))
}

/// A client that has the pseudonym alice.
fn alice() -> Chatos10Client {
    let mut alice = client();
    let request = alice.intend(Intent::LogIn { login: "alice" });
    assert_eq!(request, Ok(vec![Action::Send(b"\x01\0\x05alice".to_vec())]));
    let login = "alice".into();
    assert_eq!(
        hear(&mut alice, ErrorCode::Ok.frame()),
        Action::tell(Event::LoggedIn { login })
    );
    alice
}

fn hear(client: &mut Chatos10Client, frame: Frame<'_>) -> Vec<Action> {
    hear_on(client, Source::Server, frame).unwrap()
}

fn hear_on(
    client: &mut Chatos10Client,
    source: Source,
    frame: Frame<'_>,
) -> Result<Vec<Action>, Fault> {
    let bytes = frame.encoded();
    let (length, actions) = client.receive(source, &bytes)?.unwrap();
    assert_eq!(length, bytes.len());
    Ok(actions)
}

fn negotiation<'a>(sender: &'a str, recipient: &'a str, password: i16) -> Negotiation<'a> {
    Negotiation {
        sender,
        recipient,
        password,
    }
}

fn refused(actions: &[Action]) -> &str {
    match actions {
        [Action::Tell(Event::Refused { what })] => what,
        other => panic!("{other:?} instead of a refusal"),
    }
}

fn is_unexpected(actions: &[Action]) -> bool {
    matches!(actions, [Action::Tell(Event::Unexpected { .. })])
}

fn peer_event(event: impl FnOnce(String) -> Event, peer: &str) -> Vec<Action> {
    Action::tell(event(peer.to_owned()))
}

#[rstest]
#[case::unavailable(ErrorCode::PseudoUnavailable)]
#[case::invalid(ErrorCode::InvalidPseudonym)]
fn after_a_refusal_another_pseudonym_may_be_tried(#[case] code: ErrorCode) {
    let mut client = client();
    client.intend(Intent::LogIn { login: "alice" }).unwrap();
    assert_eq!(
        client.intend(Intent::Say { text: "hi" }),
        Err(Refusal::NotLoggedIn)
    );
    let login = "alice".into();
    assert_eq!(
        hear(&mut client, code.frame()),
        Action::tell(Event::LoginRefused {
            login,
            reason: None,
        })
    );
    client.intend(Intent::LogIn { login: "alicia" }).unwrap();
    let login = "alicia".into();
    assert_eq!(
        hear(&mut client, ErrorCode::Ok.frame()),
        Action::tell(Event::LoggedIn { login })
    );
    assert_eq!(
        client.intend(Intent::LogIn { login: "alice" }),
        Err(Refusal::AlreadyLoggedIn)
    );
}

#[rstest]
#[case::say(Intent::Say { text: "hi" }, Frame::SendMessageToAll { sender: "alice", message: "hi" })]
#[case::whisper(
    Intent::Whisper { to: "bob", text: "" },
    Frame::SendPersonalMessage { sender: "alice", recipient: "bob", message: "" }
)]
#[case::ask(Intent::Ask { peer: "bob" }, Frame::TcpAsk(negotiation("alice", "bob", 7)))]
fn what_the_user_wants_becomes_a_packet(#[case] intent: Intent<'_>, #[case] frame: Frame<'_>) {
    let mut alice = alice();
    assert_eq!(alice.intend(intent), Ok(send(frame)));
    assert_eq!(hear(&mut alice, ErrorCode::Ok.frame()), []);
    assert!(is_unexpected(&hear(&mut alice, ErrorCode::Ok.frame())));
}

#[rstest]
#[case::to_an_empty_name(Intent::Whisper { to: "", text: "hi" }, Refusal::EmptyName)]
#[case::to_oneself(Intent::Ask { peer: "alice" }, Refusal::Oneself)]
#[case::an_answer_to_nothing(Intent::Accept { peer: "bob" }, Refusal::NotAsked { peer: "bob".into() })]
#[case::a_refusal_of_nothing(Intent::Deny { peer: "bob" }, Refusal::NotAsked { peer: "bob".into() })]
#[case::an_end_of_nothing(Intent::Close { peer: "bob" }, Refusal::NoTunnel { peer: "bob".into() })]
fn an_impossible_intent_is_refused_before_anything_is_sent(
    #[case] intent: Intent<'_>,
    #[case] refusal: Refusal,
) {
    assert_eq!(alice().intend(intent), Err(refusal));
}

#[test]
fn a_message_may_have_the_longest_length_of_a_short() {
    let text = "x".repeat(32_767);
    assert!(alice().intend(Intent::Say { text: &text }).is_ok());
    let text = text + "x";
    let refusal = alice().intend(Intent::Say { text: &text }).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::TooLong {
            what: "message",
            bytes: 32_768,
            limit: 32_767
        }
    );
}

#[rstest]
#[case::said(
    Frame::SendMessageToAll { sender: "bob", message: "hi" },
    Event::Said { from: "bob".into(), text: "hi".into() }
)]
#[case::whispered(
    Frame::SendPersonalMessage { sender: "bob", recipient: "alice", message: "psst" },
    Event::Whispered { from: "bob".into(), text: "psst".into() }
)]
#[case::asked(Frame::TcpAsk(negotiation("bob", "alice", 1)), Event::Asked { peer: "bob".into() })]
fn what_the_server_sends_becomes_an_event(#[case] frame: Frame<'_>, #[case] event: Event) {
    assert_eq!(hear(&mut alice(), frame), Action::tell(event));
}

#[rstest]
#[case::an_answer_to_nothing(ErrorCode::UnreachableUser.frame())]
#[case::a_whisper_for_another(
    Frame::SendPersonalMessage { sender: "bob", recipient: "carol", message: "psst" }
)]
#[case::an_ask_for_another(Frame::TcpAsk(negotiation("bob", "carol", 1)))]
#[case::an_accept_of_what_we_did_not_ask(Frame::TcpAccept(negotiation("alice", "bob", 8)))]
#[case::an_accept_of_what_we_were_asked(Frame::TcpAccept(negotiation("bob", "alice", 7)))]
#[case::an_abort_of_nothing(Frame::TcpAbort(negotiation("alice", "bob", 8)))]
fn a_packet_without_meaning_is_reported_and_changes_nothing(#[case] frame: Frame<'_>) {
    assert!(is_unexpected(&hear(&mut alice(), frame)));
}

#[test]
fn an_error_is_reported_with_the_packet_that_it_answers() {
    let mut alice = alice();
    alice.intend(Intent::Say { text: "hi" }).unwrap();
    for to in ["bob", "carol"] {
        alice.intend(Intent::Whisper { to, text: "psst" }).unwrap();
    }
    alice.intend(Intent::Say { text: "hi" }).unwrap();
    assert_eq!(hear(&mut alice, ErrorCode::Ok.frame()), []);
    assert_eq!(hear(&mut alice, ErrorCode::Ok.frame()), []);
    assert_eq!(
        refused(&hear(&mut alice, ErrorCode::UnreachableUser.frame())),
        r#"the message was not delivered: no client is called "carol""#
    );
    assert_eq!(
        refused(&hear(&mut alice, ErrorCode::InvalidPseudonym.frame())),
        "the message was not relayed: the server says Invalid Pseudonym"
    );
    alice.intend(Intent::Say { text: "hi" }).unwrap();
    assert_eq!(
        refused(&hear(&mut alice, Frame::Error { code: 99 })),
        "the message was not relayed: the server gives a reason that is not in the protocol's document"
    );
}

#[test]
fn an_ask_that_is_not_relayed_is_reported_and_over() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    assert_eq!(
        refused(&hear(&mut alice, ErrorCode::UnreachableUser.frame())),
        r#""bob" was not asked: no client is called "bob""#
    );
    let abort = Frame::TcpAbort(negotiation("alice", "bob", 7));
    let denied = peer_event(|peer| Event::Denied { peer }, "bob");
    assert_eq!(hear(&mut alice, abort), denied);
    assert!(is_unexpected(&hear(&mut alice, abort)));
}

#[test]
fn each_request_has_a_password_of_its_own() {
    let mut alice = alice();
    for (peer, password) in [("bob", 7), ("carol", 8), ("dave", 9)] {
        let frame = Frame::TcpAsk(negotiation("alice", peer, password));
        assert_eq!(alice.intend(Intent::Ask { peer }), Ok(send(frame)));
    }
    // When a private connection has ended, its password can be used again.
    hear(
        &mut alice,
        Frame::TcpAbort(negotiation("alice", "carol", 8)),
    );
    let frame = Frame::TcpAsk(negotiation("alice", "erin", 8));
    assert_eq!(alice.intend(Intent::Ask { peer: "erin" }), Ok(send(frame)));
}

#[test]
fn a_pending_request_is_not_sent_again() {
    let mut alice = alice();
    let ask = Intent::Ask { peer: "bob" };
    alice.intend(ask).unwrap();
    assert_eq!(alice.intend(ask), Ok(vec![]));
    hear(&mut alice, ErrorCode::Ok.frame());
    assert_eq!(alice.intend(ask), Ok(vec![]));
    hear(&mut alice, Frame::TcpAbort(negotiation("alice", "bob", 7)));
    assert_eq!(alice.intend(ask).map(|actions| actions.len()), Ok(1));
}

#[test]
fn an_accepted_client_connects_and_both_are_told_when_the_connection_is_open() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    hear(&mut alice, ErrorCode::Ok.frame());
    let fields = negotiation("alice", "bob", 7);
    let accepted = hear(&mut alice, Frame::TcpAccept(fields));
    let tunnel = TunnelId(1);
    let expected = [
        Action::Tell(Event::Agreed { peer: "bob".into() }),
        Action::Open {
            tunnel,
            peer: "bob".into(),
            opening: Frame::TcpConnect(fields).encoded(),
        },
    ];
    assert_eq!(accepted, expected);
    assert!(is_unexpected(&hear(&mut alice, Frame::TcpAccept(fields))));
    let up = alice.receive(Source::Tunnel(tunnel), b"\x08\x01raw bytes");
    let expected = vec![
        Action::Tell(Event::TunnelUp { peer: "bob".into() }),
        Action::Raw(tunnel),
    ];
    assert_eq!(up, Ok(Some((2, expected))));
    let close = alice.intend(Intent::Close { peer: "bob" });
    assert_eq!(close, Ok(vec![Action::Shut(tunnel)]));
}

#[test]
fn a_client_that_accepts_connects_at_once() {
    let mut alice = alice();
    let fields = negotiation("bob", "alice", -3);
    hear(&mut alice, Frame::TcpAsk(fields));
    let accepted = alice.intend(Intent::Accept { peer: "bob" }).unwrap();
    assert!(matches!(
        &*accepted,
        [Action::Tell(Event::Agreed { .. }), Action::Open { opening, .. }]
            if *opening == Frame::TcpAccept(fields).encoded()
    ));
    assert!(alice.intend(Intent::Accept { peer: "bob" }).is_err());
    // The user gets no message about the TCPAbort itself. The user gets a message only when the private connection fails.
    assert_eq!(hear(&mut alice, Frame::TcpAbort(fields)), []);
    let fault = hear_on(
        &mut alice,
        Source::Tunnel(TunnelId(1)),
        ErrorCode::TcpNotInProtocole.frame(),
    );
    assert_eq!(
        fault.unwrap_err().to_string(),
        "received ERROR code=6 (TCP Not In Protocole) instead of ERROR OK"
    );
}

#[test]
fn several_requests_of_one_peer_are_answered_in_their_order() {
    let mut alice = alice();
    for password in [1, 2] {
        hear(
            &mut alice,
            Frame::TcpAsk(negotiation("bob", "alice", password)),
        );
    }
    for password in [1, 2] {
        let fields = negotiation("bob", "alice", password);
        assert_eq!(
            alice.intend(Intent::Deny { peer: "bob" }),
            Ok(send(Frame::TcpAbort(fields)))
        );
        // This is the copy of our own TCPAbort.
        assert_eq!(hear(&mut alice, Frame::TcpAbort(fields)), []);
        assert!(is_unexpected(&hear(&mut alice, Frame::TcpAbort(fields))));
    }
}

#[test]
fn a_request_may_be_withdrawn_before_or_while_it_is_answered() {
    let mut alice = alice();
    let fields = negotiation("bob", "alice", 1);
    hear(&mut alice, Frame::TcpAsk(fields));
    let withdrawn = peer_event(|peer| Event::Withdrawn { peer }, "bob");
    assert_eq!(hear(&mut alice, Frame::TcpAbort(fields)), withdrawn);
    assert!(alice.intend(Intent::Deny { peer: "bob" }).is_err());

    hear(&mut alice, Frame::TcpAsk(fields));
    alice.intend(Intent::Deny { peer: "bob" }).unwrap();
    assert_eq!(
        refused(&hear(&mut alice, ErrorCode::TcpNotInProtocole.frame())),
        r#"the answer to "bob" had no effect: the request of "bob" is no longer pending"#
    );
}

#[rstest]
#[case::chaton(b"\0", Malformed::UnknownOpcode(0))]
#[case::a_clients_packet(b"\x01", Malformed::WrongSide { packet: "CR" })]
#[case::a_negative_length(b"\x03\xff\xff", Malformed::NegativeLength { field: "sender", length: -1 })]
fn bytes_that_are_no_packet_are_a_fault(#[case] bytes: &[u8], #[case] malformed: Malformed) {
    let fault = Fault::Malformed(malformed);
    assert_eq!(alice().receive(Source::Server, bytes), Err(fault));
}
