//! Tests of the client. Each test is a conversation: it says what each side sends, and what the client then does.

use rstest::rstest;

use super::*;
use crate::wire::Malformed;

const ID: i64 = 42;
const TUNNEL: TunnelId = TunnelId(1);

fn client(account: Option<&str>) -> ChatHackClient {
    let account = account.map(|password| Account {
        login: "alice".into(),
        password: password.into(),
    });
    // The client drops the lowest bit of the random number and uses the other bits as the id. So this number gives the id
    // `ID`.
    ChatHackClient::new(account, Box::new(|| (ID as u64) << 1))
}

/// A client that is logged in as alice.
fn alice() -> ChatHackClient {
    let mut alice = client(None);
    let login = "alice";
    let sent = alice.intend(Intent::LogIn { login });
    assert_eq!(sent, Ok(send(&ClientFrame::Login { login })));
    let login = login.to_owned();
    assert_eq!(
        hear(&mut alice, ServerFrame::Connected),
        Action::tell(Event::LoggedIn { login })
    );
    alice
}

fn hear(client: &mut ChatHackClient, frame: ServerFrame<'_>) -> Vec<Action> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    let (length, actions) = client.receive(Source::Server, &bytes).unwrap().unwrap();
    assert_eq!(length, bytes.len());
    actions
}

/// Returns all actions of the client when it receives these bytes from bob.
fn hear_bob(client: &mut ChatHackClient, mut bytes: &[u8]) -> Vec<Action> {
    let mut all = Vec::new();
    while let Some((length, actions)) = client.receive(Source::Tunnel(TUNNEL), bytes).unwrap() {
        bytes = &bytes[length..];
        all.extend(actions);
    }
    assert_eq!(bytes, b"");
    all
}

fn address() -> SocketAddr {
    "192.0.2.7:40001".parse().unwrap()
}

fn meeting() -> MeetingPoint {
    MeetingPoint {
        port: 40001,
        address: address().ip(),
        id: ID,
    }
}

fn bob() -> String {
    "bob".into()
}

fn told(event: impl FnOnce(String) -> Event) -> Vec<Action> {
    Action::tell(event(bob()))
}

fn is_unexpected(actions: &[Action]) -> bool {
    matches!(actions, [Action::Tell(Event::Unexpected { .. })])
}

/// Returns alice's client, after she has asked bob for a private connection and bob has agreed.
fn talking() -> ChatHackClient {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let (login, meeting) = ("bob", meeting());
    hear(
        &mut alice,
        ServerFrame::PrivateValidation { login, meeting },
    );
    alice.connected(TUNNEL);
    alice
}

#[rstest]
#[case::wrong_password(
    Some("secret"),
    ServerFrame::PasswordOrLoginError,
    "the password is wrong"
)]
#[case::refused_name(None, ServerFrame::PasswordOrLoginError, "does not accept this login")]
#[case::connected_twice(Some("secret"), ServerFrame::LoginAlreadyExists, "already connected")]
#[case::taken(None, ServerFrame::LoginAlreadyExists, "another client has this login")]
#[case::not_understood(None, ServerFrame::PacketError, "packet error")]
fn a_refused_login_has_a_reason(
    #[case] password: Option<&str>,
    #[case] answer: ServerFrame<'_>,
    #[case] says: &str,
) {
    let mut client = client(password);
    client.intend(Intent::LogIn { login: "alice" }).unwrap();
    let actions = hear(&mut client, answer);
    let [Action::Tell(Event::LoginRefused { login, reason })] = &*actions else {
        panic!("{actions:?}");
    };
    assert_eq!(login, "alice");
    assert!(reason.as_ref().unwrap().contains(says), "{reason:?}");
    assert_eq!(
        client.intend(Intent::Say { text: "hi" }),
        Err(Refusal::NotLoggedIn)
    );
}

#[test]
fn the_password_is_sent_only_for_its_own_login() {
    let mut client = client(Some("secret"));
    let (login, password) = ("alice", "secret");
    assert_eq!(
        client.intend(Intent::LogIn { login }),
        Ok(send(&ClientFrame::LoginWithPassword { login, password }))
    );
    hear(&mut client, ServerFrame::LoginAlreadyExists);
    let login = "alicia";
    assert_eq!(
        client.intend(Intent::LogIn { login }),
        Ok(send(&ClientFrame::Login { login }))
    );
}

#[rstest]
#[case::say(
    Intent::Say { text: "hi" },
    ClientFrame::GlobalMessage { login: "alice", message: "hi" }
)]
#[case::ask(
    Intent::Ask { peer: "bob" },
    ClientFrame::PrivateAsking { sender: "alice", receiver: "bob" }
)]
fn what_the_user_wants_becomes_a_packet(
    #[case] intent: Intent<'_>,
    #[case] frame: ClientFrame<'_>,
) {
    assert_eq!(alice().intend(intent), Ok(send(&frame)));
}

#[rstest]
#[case::whisper(Intent::Whisper { to: "bob", text: "hi" }, Refusal::NoWhispers { peer: bob() })]
#[case::oneself(Intent::Ask { peer: "alice" }, Refusal::Oneself)]
#[case::an_empty_name(Intent::Ask { peer: "" }, Refusal::EmptyName)]
#[case::no_request_to_accept(Intent::Accept { peer: "bob" }, Refusal::NotAsked { peer: bob() })]
#[case::no_request_to_deny(Intent::Deny { peer: "bob" }, Refusal::NotAsked { peer: bob() })]
#[case::no_connection(Intent::Close { peer: "bob" }, Refusal::NoTunnel { peer: bob() })]
fn an_impossible_intent_is_refused_before_anything_is_sent(
    #[case] intent: Intent<'_>,
    #[case] refusal: Refusal,
) {
    assert_eq!(alice().intend(intent), Err(refusal));
}

#[test]
fn a_message_has_its_limit_everywhere() {
    let text = "é".repeat(MAX_MESSAGE_BYTES / 2);
    let mut alice = alice();
    assert!(alice.intend(Intent::Say { text: &text }).is_ok());
    assert!(alice.frame(Content::Text(&text)).is_ok());
    let text = text + "x";
    let too_long = Refusal::TooLong {
        what: "message",
        bytes: MAX_MESSAGE_BYTES + 1,
        limit: MAX_MESSAGE_BYTES,
    };
    assert_eq!(
        alice.intend(Intent::Say { text: &text }),
        Err(too_long.clone())
    );
    assert_eq!(alice.frame(Content::Text(&text)), Err(too_long));
}

#[test]
fn a_client_that_agrees_listens_and_then_says_where() {
    let mut alice = alice();
    assert_eq!(
        hear(&mut alice, ServerFrame::PrivateAsking { sender: "bob" }),
        told(|peer| Event::Asked { peer })
    );
    let pass = Pass {
        public: b"\x09\0\0\0\x03bob".to_vec(),
        secret: ID.to_be_bytes().to_vec(),
    };
    let listen = Action::Listen {
        tunnel: TUNNEL,
        peer: bob(),
        pass,
    };
    let agreed = Action::Tell(Event::Agreed { peer: bob() });
    assert_eq!(
        alice.intend(Intent::Accept { peer: "bob" }),
        Ok(vec![agreed, listen])
    );
    let mut expected = send(&ClientFrame::PrivateValidation {
        sender: "alice",
        receiver: "bob",
        meeting: meeting(),
    });
    expected.extend(told(|peer| Event::TunnelAwaited {
        peer,
        address: address(),
    }));
    assert_eq!(alice.listens(TUNNEL, Some(address())), expected);
    let up = Action::Tell(Event::TunnelUp { peer: bob() });
    assert_eq!(alice.connected(TUNNEL), [up, Action::Framed(TUNNEL)]);
    // Alice has already answered the request, so she cannot accept it again.
    assert!(alice.intend(Intent::Accept { peer: "bob" }).is_err());
}

#[test]
fn a_client_that_cannot_listen_declines() {
    let mut alice = alice();
    hear(&mut alice, ServerFrame::PrivateAsking { sender: "bob" });
    alice.intend(Intent::Accept { peer: "bob" }).unwrap();
    let (sender, receiver) = ("alice", "bob");
    let denied = ClientFrame::PrivateDenied { sender, receiver };
    assert_eq!(alice.listens(TUNNEL, None), send(&denied));
    assert_eq!(alice.connected(TUNNEL), []);
}

#[test]
fn without_random_numbers_no_id_is_made_and_the_request_stays_pending() {
    let mut alice = ChatHackClient::new(None, Box::new(|| 0));
    alice.intend(Intent::LogIn { login: "alice" }).unwrap();
    hear(&mut alice, ServerFrame::Connected);
    hear(&mut alice, ServerFrame::PrivateAsking { sender: "bob" });
    assert_eq!(
        alice.intend(Intent::Accept { peer: "bob" }),
        Err(Refusal::NoChance)
    );
    assert!(alice.intend(Intent::Deny { peer: "bob" }).is_ok());
}

#[test]
fn a_client_that_asked_connects_and_shows_the_id() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let (login, meeting) = ("bob", meeting());
    let validation = ServerFrame::PrivateValidation { login, meeting };
    let expected = vec![
        Action::Tell(Event::Agreed { peer: bob() }),
        Action::Tell(Event::TunnelAddress {
            peer: bob(),
            address: address(),
        }),
        Action::Connect {
            tunnel: TUNNEL,
            peer: bob(),
            address: address(),
            opening: bytes(&PeerFrame::Establishment {
                login: "alice",
                id: ID,
            }),
        },
    ];
    assert_eq!(hear(&mut alice, validation), expected);
    // The server cannot make alice's client connect a second time, and it cannot make her client connect to a client that
    // she did not ask.
    assert!(is_unexpected(&hear(&mut alice, validation)));
    let denied = ServerFrame::PrivateDenied { login };
    assert!(is_unexpected(&hear(&mut alice, denied)));
}

#[rstest]
#[case(0)]
#[case(-1)]
#[case(65536)]
#[case(i32::MAX)]
fn an_invalid_port_changes_nothing(#[case] port: i32) {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let login = "bob";
    let meeting = MeetingPoint { port, ..meeting() };
    let validation = ServerFrame::PrivateValidation { login, meeting };
    assert!(is_unexpected(&hear(&mut alice, validation)));
    let denied = ServerFrame::PrivateDenied { login };
    assert_eq!(
        hear(&mut alice, denied),
        told(|peer| Event::Denied { peer })
    );
}

#[test]
fn messages_and_files_come_in_frames() {
    let mut alice = talking();
    let text = |line: &str| {
        Action::Tell(Event::TunnelText {
            peer: bob(),
            line: line.into(),
            complete: true,
        })
    };
    let (login, name) = ("bob", "../x");
    let mut sent = bytes(&PeerFrame::Message {
        login,
        message: "é",
    });
    let size = 4;
    sent.extend(bytes(&PeerFrame::File { login, name, size }));
    sent.extend(b"\x07\0\0\0");
    let size = 0;
    sent.extend(bytes(&PeerFrame::File { login, name, size }));
    let message = "then";
    sent.extend(bytes(&PeerFrame::Message { login, message }));
    let comes = |size| Action::FileComes {
        tunnel: TUNNEL,
        name: name.into(),
        size,
    };
    let file = Action::FileBytes {
        tunnel: TUNNEL,
        bytes: b"\x07\0\0\0".to_vec(),
    };
    let expected = [text("é"), comes(4), file, comes(0), text("then")];
    assert_eq!(hear_bob(&mut alice, &sent), expected);
}

#[test]
fn a_file_is_passed_on_as_its_bytes_arrive() {
    let mut alice = talking();
    let (login, name, size) = ("bob", "x", i32::MAX);
    hear_bob(&mut alice, &bytes(&PeerFrame::File { login, name, size }));
    for piece in [&b"ab"[..], b"c"] {
        let file = Action::FileBytes {
            tunnel: TUNNEL,
            bytes: piece.to_vec(),
        };
        assert_eq!(hear_bob(&mut alice, piece), [file]);
    }
}

#[test]
fn a_frame_under_another_name_is_ignored_with_its_bytes() {
    let mut alice = talking();
    let (login, name, size) = ("carol", "x", 3);
    let message = "hi";
    for frame in [
        PeerFrame::Message { login, message },
        PeerFrame::Establishment { login, id: ID },
    ] {
        assert!(is_unexpected(&hear_bob(&mut alice, &bytes(&frame))));
    }
    let mut sent = bytes(&PeerFrame::File { login, name, size });
    sent.extend(b"abc");
    assert!(is_unexpected(&hear_bob(&mut alice, &sent)));
}

#[test]
fn a_message_over_the_limit_is_skipped_wherever_a_read_ends() {
    let mut alice = talking();
    let message = &"x".repeat(MAX_MESSAGE_BYTES + 1);
    let login = "bob";
    let sent = bytes(&PeerFrame::Message { login, message });
    let (first, rest) = sent.split_at(100);
    assert!(is_unexpected(&hear_bob(&mut alice, first)));
    assert_eq!(hear_bob(&mut alice, rest), []);
    let message = "and on";
    let next = bytes(&PeerFrame::Message { login, message });
    assert!(matches!(
        &*hear_bob(&mut alice, &next),
        [Action::Tell(Event::TunnelText { .. })]
    ));
}

#[rstest]
#[case::garbage(b"GET /", Malformed::UnknownOpcode(71))]
#[case::a_packet_for_the_server(
    b"\x03",
    Malformed::WrongSide { packet: "a packet for the server" }
)]
#[case::a_negative_file(
    b"\x08\0\0\0\x03bob\0\0\0\0\xff\xff\xff\xff",
    Malformed::NegativeLength { field: "file", length: -1 }
)]
#[case::a_huge_name(
    b"\x08\x7f\xff\xff\xff",
    Malformed::TooLong { field: "login", length: 0x7fff_ffff, limit: MAX_MESSAGE_BYTES }
)]
#[case::a_huge_message(
    b"\x07\0\0\0\x03bob\x7f\xff\xff\xff",
    Malformed::TooLong { field: "message", length: 0x7fff_ffff, limit: MAX_MESSAGE_BYTES }
)]
fn bytes_that_are_no_packet_are_a_fault(#[case] bytes: &[u8], #[case] malformed: Malformed) {
    let heard = talking().receive(Source::Tunnel(TUNNEL), bytes);
    assert_eq!(heard, Err(Fault::Malformed(malformed)));
}

#[test]
fn a_lost_connection_ends_all_requests() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    alice.disconnected();
    alice.intend(Intent::LogIn { login: "alice" }).unwrap();
    hear(&mut alice, ServerFrame::Connected);
    let (login, meeting) = ("bob", meeting());
    let validation = ServerFrame::PrivateValidation { login, meeting };
    assert!(is_unexpected(&hear(&mut alice, validation)));
}

#[rstest]
#[case::ours(
    Direction::Sent,
    Source::Server,
    b"\x01\0\0\0\x01a\0\0\0\x02pw",
    "LOGIN_WITH_PASSWORD"
)]
#[case::the_servers(Direction::Received, Source::Server, b"\x03", "CONNECTED")]
#[case::where_to_meet(
    Direction::Received,
    Source::Server,
    b"\x07\0\0\0\x01b\0\0\x9c\x41\x01\xc0\0\x02\x07\0\0\0\0\0\0\0\x2a",
    "PRIVATE_VALIDATION"
)]
#[case::between_clients(
    Direction::Received,
    Source::Tunnel(TUNNEL),
    b"\x08\0\0\0\x01b\0\0\0\x01x\0\0\0\x05",
    "FILE"
)]
fn every_byte_of_a_packet_is_explained(
    #[case] direction: Direction,
    #[case] on: Source,
    #[case] bytes: &[u8],
    #[case] name: &str,
) {
    let explained = alice().explain(direction, on, bytes).unwrap();
    assert_eq!((&*explained.name, explained.length()), (name, bytes.len()));
    let shows = |text: &str| {
        explained
            .fields
            .iter()
            .any(|field| field.value.contains(text))
    };
    assert!(!shows("pw"));
}
