//! Tests of the client. Each test is a conversation: it says what each side sends, and what the client then does.

use rstest::rstest;

use super::*;
use crate::chaton::LongWidth;
use crate::wire::Malformed;

const CODEC: Codec = Codec {
    long: LongWidth::Eight,
};

/// A client that is logged in as alice.
fn alice() -> ChatonClient {
    let mut alice = ChatonClient::new(CODEC);
    alice.intend(Intent::LogIn { login: "alice" }).unwrap();
    assert_eq!(
        hear(&mut alice, ServerFrame::LoginAccepted),
        Action::tell(Event::LoggedIn {
            login: "alice".into()
        })
    );
    alice
}

fn hear(client: &mut ChatonClient, frame: ServerFrame<'_>) -> Vec<Action> {
    hear_on(client, Source::Server, frame).unwrap()
}

fn hear_on(
    client: &mut ChatonClient,
    source: Source,
    frame: ServerFrame<'_>,
) -> Result<Vec<Action>, Fault> {
    let mut bytes = Vec::new();
    frame.encode(CODEC, &mut bytes);
    let (length, actions) = client.receive(source, &bytes)?.unwrap();
    assert_eq!(length, bytes.len());
    Ok(actions)
}

fn sent(frame: ClientFrame<'_>) -> Vec<Action> {
    let mut bytes = Vec::new();
    frame.encode(CODEC, &mut bytes);
    vec![Action::Send(bytes)]
}

fn is_unexpected(actions: &[Action]) -> bool {
    matches!(actions, [Action::Tell(Event::Unexpected { .. })])
}

#[test]
fn the_login_is_the_documents_first_example() {
    let mut client = ChatonClient::new(CODEC);
    let actions = client.intend(Intent::LogIn { login: "alice" });
    assert_eq!(
        actions,
        Ok(vec![Action::Send(b"\0\0\0\0\x05alice".to_vec())])
    );
}

#[test]
fn after_a_refusal_another_login_may_be_tried() {
    let mut client = ChatonClient::new(CODEC);
    client.intend(Intent::LogIn { login: "alice" }).unwrap();
    let refused = hear(&mut client, ServerFrame::LoginRefused);
    let login = "alice".to_owned();
    assert_eq!(
        refused,
        Action::tell(Event::LoginRefused {
            login,
            reason: None,
        })
    );
    assert!(is_unexpected(&hear(
        &mut client,
        ServerFrame::LoginAccepted
    )));
    let again = client.intend(Intent::LogIn { login: "alice2" }).unwrap();
    assert_eq!(again, sent(ClientFrame::Login { login: "alice2" }));
    let login = "alice2".to_owned();
    assert_eq!(
        hear(&mut client, ServerFrame::LoginAccepted),
        Action::tell(Event::LoggedIn { login })
    );
    assert_eq!(
        client.intend(Intent::LogIn { login: "alice3" }),
        Err(Refusal::AlreadyLoggedIn)
    );
}

#[rstest]
#[case::say(
    Intent::Say { text: "hi" },
    ClientFrame::Message { login: "alice", msg: "hi" }
)]
#[case::say_nothing(
    Intent::Say { text: "" },
    ClientFrame::Message { login: "alice", msg: "" }
)]
#[case::whisper(
    Intent::Whisper { to: "bob", text: "psst" },
    ClientFrame::MessagePrivate { sender: "alice", target: "bob", msg: "psst" }
)]
#[case::ask(
    Intent::Ask { peer: "bob" },
    ClientFrame::RequestPrivate { requester: "alice", target: "bob" }
)]
fn what_the_user_wants_becomes_a_frame(#[case] intent: Intent<'_>, #[case] frame: ClientFrame<'_>) {
    assert_eq!(alice().intend(intent), Ok(sent(frame)));
    let mut stranger = ChatonClient::new(CODEC);
    assert_eq!(stranger.intend(intent), Err(Refusal::NotLoggedIn));
}

#[test]
fn a_message_has_a_limit_in_bytes_and_the_refusal_says_how_many_are_too_many() {
    let text = "é".repeat(512);
    assert!(alice().intend(Intent::Say { text: &text }).is_ok());
    let text = text + "abc";
    let refusal = alice().intend(Intent::Say { text: &text }).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the message is 1027 bytes long, 3 more than the 1024 that can be sent; shorten it"
    );
    let to = "bob";
    let whispered = alice().intend(Intent::Whisper { to, text: &text });
    assert_eq!(whispered, Err(refusal));
}

#[rstest]
#[case::to_an_empty_name(Intent::Whisper { to: "", text: "hi" }, Refusal::EmptyName)]
#[case::to_a_name_that_no_client_can_have(
    Intent::Ask { peer: "0123456789012345678901234567890" },
    Refusal::TooLong { what: "name", bytes: 31, limit: 30 }
)]
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

#[rstest]
#[case::said(
    ServerFrame::Message { login: "bob", msg: "hi" },
    Event::Said { from: "bob".into(), text: "hi".into() }
)]
#[case::whispered(
    ServerFrame::MessagePrivate { sender: "bob", target: "alice", msg: "psst" },
    Event::Whispered { from: "bob".into(), text: "psst".into() }
)]
#[case::asked(
    ServerFrame::RequestPrivate { requester: "bob", target: "alice" },
    Event::Asked { peer: "bob".into() }
)]
fn what_the_server_sends_becomes_an_event(#[case] frame: ServerFrame<'_>, #[case] event: Event) {
    assert_eq!(hear(&mut alice(), frame), Action::tell(event));
}

#[rstest]
#[case::a_second_acceptance(ServerFrame::LoginAccepted)]
#[case::a_late_refusal(ServerFrame::LoginRefused)]
#[case::a_whisper_for_another(ServerFrame::MessagePrivate { sender: "bob", target: "carol", msg: "psst" })]
#[case::a_request_for_another(ServerFrame::RequestPrivate { requester: "bob", target: "carol" })]
#[case::a_ko_private_without_a_request(ServerFrame::KoPrivate { requester: "alice", target: "bob" })]
#[case::an_id_that_we_did_not_ask_for(ServerFrame::IdPrivate { requester: "alice", target: "bob", connect_id: 7 })]
#[case::an_id_that_we_did_not_agree_to(ServerFrame::IdPrivate { requester: "bob", target: "alice", connect_id: 7 })]
#[case::an_id_of_others(ServerFrame::IdPrivate { requester: "bob", target: "carol", connect_id: 7 })]
#[case::established_on_the_chat(ServerFrame::Established)]
fn a_frame_without_meaning_is_reported_and_changes_nothing(#[case] frame: ServerFrame<'_>) {
    assert!(is_unexpected(&hear(&mut alice(), frame)));
}

#[test]
fn a_request_is_answered_once() {
    let mut alice = alice();
    let request = ServerFrame::RequestPrivate {
        requester: "bob",
        target: "alice",
    };
    hear(&mut alice, request);
    let denied = alice.intend(Intent::Deny { peer: "bob" });
    let no = ClientFrame::KoPrivate {
        requester: "bob",
        target: "alice",
    };
    assert_eq!(denied, Ok(sent(no)));
    assert!(alice.intend(Intent::Accept { peer: "bob" }).is_err());

    hear(&mut alice, request);
    let accepted = alice.intend(Intent::Accept { peer: "bob" });
    let yes = ClientFrame::OkPrivate {
        requester: "bob",
        target: "alice",
    };
    assert_eq!(accepted, Ok(sent(yes)));
    assert!(alice.intend(Intent::Deny { peer: "bob" }).is_err());
}

#[test]
fn a_ko_private_ends_our_request() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let no = ServerFrame::KoPrivate {
        requester: "alice",
        target: "bob",
    };
    let peer = "bob".to_owned();
    assert_eq!(hear(&mut alice, no), Action::tell(Event::Denied { peer }));
    assert!(is_unexpected(&hear(&mut alice, no)));
}

#[test]
fn after_a_lost_connection_the_login_is_proposed_again_and_no_request_is_pending() {
    let mut alice = alice();
    let request = ServerFrame::RequestPrivate {
        requester: "bob",
        target: "alice",
    };
    hear(&mut alice, request);
    alice.disconnected();
    let say = Intent::Say { text: "hi" };
    assert_eq!(alice.intend(say), Err(Refusal::NotLoggedIn));
    let login = "alice";
    let again = alice.intend(Intent::LogIn { login });
    assert_eq!(again, Ok(sent(ClientFrame::Login { login })));
    hear(&mut alice, ServerFrame::LoginAccepted);
    assert!(alice.intend(Intent::Deny { peer: "bob" }).is_err());
}

/// Alice's client, with a private connection that is not open yet, although both clients have agreed on it.
fn agreed_with_bob() -> (ChatonClient, TunnelId) {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let actions = hear(
        &mut alice,
        ServerFrame::IdPrivate {
            requester: "alice",
            target: "bob",
            connect_id: 7,
        },
    );
    let [Action::Tell(told), Action::Open { tunnel, .. }] = &*actions else {
        panic!("another connection should be opened, not {actions:?}");
    };
    let peer = "bob".to_owned();
    assert_eq!(*told, Event::Agreed { peer: peer.clone() });
    let opening = b"\x09\0\0\0\0\0\0\0\x07".to_vec();
    let tunnel = *tunnel;
    assert_eq!(
        actions[1],
        Action::Open {
            tunnel,
            peer,
            opening
        }
    );
    (alice, tunnel)
}

#[test]
fn a_client_that_agreed_opens_a_connection_with_the_id() {
    let mut alice = alice();
    let (requester, target) = ("bob", "alice");
    hear(
        &mut alice,
        ServerFrame::RequestPrivate { requester, target },
    );
    alice.intend(Intent::Accept { peer: "bob" }).unwrap();
    let id = ServerFrame::IdPrivate {
        requester,
        target,
        connect_id: 7,
    };
    assert!(matches!(
        &*hear(&mut alice, id),
        [Action::Tell(Event::Agreed { .. }), Action::Open { peer, .. }] if peer == "bob"
    ));
    assert!(is_unexpected(&hear(&mut alice, id)));
}

#[test]
fn bytes_after_established_belong_to_the_users() {
    let (mut alice, tunnel) = agreed_with_bob();
    let up = alice
        .receive(Source::Tunnel(tunnel), b"\x0araw bytes")
        .unwrap();
    let peer = "bob".to_owned();
    let actions = vec![Action::Tell(Event::TunnelUp { peer }), Action::Raw(tunnel)];
    assert_eq!(up, Some((1, actions)));
}

#[rstest]
#[case::another_frame(
    ServerFrame::LoginAccepted,
    "received LOGIN_ACCEPTED instead of ESTABLISHED"
)]
#[case::a_message(
    ServerFrame::Message { login: "bob", msg: "hi" },
    "received MESSAGE login=\"bob\" msg=\"hi\" instead of ESTABLISHED"
)]
fn any_frame_before_established_is_a_fault(#[case] frame: ServerFrame<'_>, #[case] sentence: &str) {
    let (mut alice, tunnel) = agreed_with_bob();
    let fault = hear_on(&mut alice, Source::Tunnel(tunnel), frame).unwrap_err();
    assert_eq!(fault.to_string(), sentence);
}

#[test]
fn closing_ends_the_newest_private_connection_with_that_peer() {
    let (mut alice, first) = agreed_with_bob();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let id = ServerFrame::IdPrivate {
        requester: "alice",
        target: "bob",
        connect_id: 8,
    };
    hear(&mut alice, id);
    let second = TunnelId(first.0 + 1);
    let close = Intent::Close { peer: "bob" };
    assert_eq!(alice.intend(close), Ok(vec![Action::Shut(second)]));
    assert_eq!(alice.intend(close), Ok(vec![Action::Shut(first)]));
    assert!(alice.intend(close).is_err());
}

#[test]
fn an_ended_connection_cannot_be_closed() {
    let (mut alice, tunnel) = agreed_with_bob();
    alice.ended(tunnel);
    assert!(alice.intend(Intent::Close { peer: "bob" }).is_err());
}

#[test]
fn a_frame_may_arrive_byte_by_byte() {
    let frame = b"\x03\0\0\0\x03bob\0\0\0\x02hi";
    let mut alice = alice();
    for length in 0..frame.len() {
        assert_eq!(alice.receive(Source::Server, &frame[..length]), Ok(None));
    }
    assert!(alice.receive(Source::Server, frame).unwrap().is_some());
}

#[rstest]
#[case::http(b"HTTP/1.1", Malformed::UnknownOpcode(72))]
#[case::a_clients_frame(b"\0", Malformed::WrongSide { packet: "LOGIN" })]
#[case::a_negative_length(b"\x03\xff\xff\xff\xff", Malformed::NegativeLength { field: "login", length: -1 })]
#[case::too_long(b"\x03\0\0\x04\x01", Malformed::TooLong { field: "login", length: 1025, limit: 1024 })]
fn bytes_that_are_no_frame_are_a_fault(#[case] bytes: &[u8], #[case] malformed: Malformed) {
    let fault = Fault::Malformed(malformed);
    assert_eq!(alice().receive(Source::Server, bytes), Err(fault));
}
