//! Tests of the client. Each test is a conversation: it says what each side sends, and what the client then does.

use rstest::rstest;

use super::*;
use crate::dialogue::Event;
use crate::wire::Malformed;

const ALICE: Uuid = Uuid::from_u128(1);
const BOB: Uuid = Uuid::from_u128(2);
const CAROL: Uuid = Uuid::from_u128(3);
const SERVER: &str = "198.51.100.1:7781";
const OWN: &str = "192.168.1.7:4000";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A client that has connected to its server and has sent nothing yet. Its address book contains another client with the
/// name bob.
fn client(uuid: Uuid, peer_to_peer: PeerToPeer) -> ChatrClient {
    let mut book = Book::default();
    book.name(BOB, "bob").unwrap();
    let mut client = ChatrClient::new(uuid, b"signature".to_vec(), book, peer_to_peer);
    client.reached(SERVER.parse().unwrap(), OWN.parse().unwrap());
    client
}

fn connected(uuid: Uuid) -> ChatrClient {
    let mut client = client(uuid, PeerToPeer::Possible);
    client.intend(Intent::LogIn { login: "" }).unwrap();
    let actions = hear(&mut client, Frame::Connected);
    let login = client.known_as(&uuid.to_string());
    assert_eq!(actions, Action::tell(Event::LoggedIn { login }));
    client
}

fn alice() -> ChatrClient {
    connected(ALICE)
}

fn hear(client: &mut ChatrClient, frame: Frame<'_>) -> Vec<Action> {
    let bytes = frame.encoded();
    let (length, actions) = client.receive(Source::Server, &bytes).unwrap().unwrap();
    assert_eq!(length, bytes.len());
    actions
}

fn sent(frame: Frame<'_>) -> Vec<Action> {
    vec![Action::Send(frame.encoded())]
}

fn request(uuid: Uuid, from: &str) -> Frame<'static> {
    let private_endpoint = ip(from);
    Frame::ConnectionRequest {
        uuid,
        private_endpoint,
    }
}

fn accepted(uuid: Uuid, from: &str) -> Frame<'static> {
    let private_endpoint = ip(from);
    Frame::ConnectionRequestAccept {
        uuid,
        private_endpoint,
    }
}

fn info(uuid: Uuid, at: &str) -> Frame<'static> {
    let public_endpoint = ip(at);
    Frame::ClientInfo {
        uuid,
        public_endpoint,
    }
}

fn agreed(peer: &str) -> Action {
    let peer = peer.to_owned();
    Action::Tell(Event::Agreed { peer })
}

fn meets(id: u32, peer: &str, uuid: Uuid, candidates: &[&str], calls: bool) -> Vec<Action> {
    let meet = Action::Meet {
        tunnel: TunnelId(id),
        peer: peer.to_owned(),
        uuid,
        candidates: candidates.iter().map(|text| ip(text)).collect(),
        calls,
    };
    vec![agreed(peer), meet]
}

fn is_unexpected(actions: &[Action]) -> bool {
    matches!(actions, [Action::Tell(Event::Unexpected { .. })])
}

#[test]
fn a_client_sends_its_uuid_and_its_signature() {
    let mut client = client(ALICE, PeerToPeer::Possible);
    let hello = client.intend(Intent::LogIn { login: "whatever" });
    let connect = Frame::Connect {
        version: 1,
        uuid: ALICE,
        signature: b"signature",
    };
    assert_eq!(hello, Ok(sent(connect)));
    let early = client.intend(Intent::Ask { peer: "bob" });
    assert_eq!(early, Err(Refusal::NotLoggedIn));
    hear(&mut client, Frame::Connected);
    let again = client.intend(Intent::LogIn { login: "" });
    assert_eq!(again, Err(Refusal::AlreadyLoggedIn));
}

#[test]
fn a_client_whose_request_is_accepted_meets_the_peer() {
    let mut alice = alice();
    let ask = alice.intend(Intent::Ask { peer: "bob" });
    assert_eq!(ask, Ok(sent(request(BOB, "192.168.1.7"))));
    // The request is pending; a second request would be ignored.
    assert_eq!(alice.intend(Intent::Ask { peer: "bob" }), Ok(vec![]));
    assert_eq!(hear(&mut alice, accepted(BOB, "10.0.0.8")), []);
    let met = hear(&mut alice, info(BOB, "203.0.113.8"));
    let at = ["203.0.113.8", "10.0.0.8"];
    assert_eq!(met, meets(1, "bob", BOB, &at, true));
    let up = alice.connected(TunnelId(1));
    let peer = "bob".to_owned();
    let told = Action::Tell(Event::TunnelUp { peer });
    assert_eq!(up, [told, Action::Raw(TunnelId(1))]);
    let close = alice.intend(Intent::Close { peer: "bob" });
    assert_eq!(close, Ok(vec![Action::Shut(TunnelId(1))]));
    alice.ended(TunnelId(1));
    let close = alice.intend(Intent::Close { peer: "bob" });
    assert!(matches!(close, Err(Refusal::NoTunnel { .. })));
}

#[test]
fn a_client_that_is_asked_may_accept_or_deny() {
    let mut alice = alice();
    let asked = Action::tell(Event::Asked { peer: "bob".into() });
    assert_eq!(hear(&mut alice, request(BOB, "10.0.0.8")), asked);
    let accept = alice.intend(Intent::Accept { peer: "bob" });
    assert_eq!(accept, Ok(sent(accepted(BOB, "192.168.1.7"))));
    let met = hear(&mut alice, info(BOB, "10.0.0.8"));
    assert_eq!(met, meets(1, "bob", BOB, &["10.0.0.8"], true));

    let asker = CAROL.to_string();
    let peer = asker.clone();
    let asked = Action::tell(Event::Asked { peer });
    assert_eq!(hear(&mut alice, request(CAROL, "10.0.0.9")), asked);
    let deny = alice.intend(Intent::Deny { peer: &asker });
    let denied = Frame::ConnectionRequestDenied { uuid: CAROL };
    assert_eq!(deny, Ok(sent(denied)));
    let again = alice.intend(Intent::Accept { peer: &asker });
    assert!(matches!(again, Err(Refusal::NotAsked { .. })));
    // The server sends nothing more about this request.
    assert!(is_unexpected(&hear(&mut alice, info(CAROL, "10.0.0.9"))));
}

#[test]
fn the_client_with_the_smaller_uuid_calls() {
    let mut carol = connected(CAROL);
    carol.intend(Intent::Ask { peer: "bob" }).unwrap();
    hear(&mut carol, accepted(BOB, "10.0.0.8"));
    let met = hear(&mut carol, info(BOB, "10.0.0.8"));
    assert_eq!(met, meets(1, "bob", BOB, &["10.0.0.8"], false));
}

#[test]
fn two_clients_that_ask_each_other_meet_once() {
    // Each client accepts the other client's request, so the server handles two agreements.
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    hear(&mut alice, request(BOB, "10.0.0.8"));
    let answer = alice.intend(Intent::Ask { peer: "bob" });
    assert_eq!(answer, Ok(sent(accepted(BOB, "192.168.1.7"))));
    assert_eq!(hear(&mut alice, accepted(BOB, "10.0.0.8")), []);
    let met = hear(&mut alice, info(BOB, "10.0.0.8"));
    assert_eq!(met, meets(1, "bob", BOB, &["10.0.0.8"], true));
    assert_eq!(hear(&mut alice, info(BOB, "10.0.0.8")), []);
}

#[test]
fn a_request_can_be_denied_or_withdrawn() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    let denied = Frame::ConnectionRequestDenied { uuid: BOB };
    let peer = "bob".to_owned();
    let told = Action::tell(Event::Denied { peer });
    assert_eq!(hear(&mut alice, denied), told);
    hear(&mut alice, request(BOB, "10.0.0.8"));
    let peer = "bob".to_owned();
    let told = Action::tell(Event::Withdrawn { peer });
    assert_eq!(hear(&mut alice, denied), told);
    assert!(is_unexpected(&hear(&mut alice, denied)));
}

#[test]
fn nothing_is_sent_to_an_address_that_the_server_should_not_name() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    hear(&mut alice, accepted(BOB, "127.0.0.1"));
    let met = hear(&mut alice, info(BOB, "224.0.0.1"));
    let [first, Action::Tell(Event::TunnelClosed { peer, reason })] = &met[..] else {
        panic!("{met:?}");
    };
    assert_eq!((first, &**peer), (&agreed("bob"), "bob"));
    assert!(reason.as_ref().unwrap().contains("224.0.0.1"));
}

#[test]
fn only_the_last_ping_is_answered() {
    let mut alice = alice();
    assert_eq!(
        hear(&mut alice, Frame::Ping { id: 7 }),
        sent(Frame::Pong { id: 7 })
    );
    let two = [
        Frame::Ping { id: 8 }.encoded(),
        Frame::Ping { id: 9 }.encoded(),
    ]
    .concat();
    let (length, actions) = alice.receive(Source::Server, &two).unwrap().unwrap();
    assert_eq!(actions, []);
    let (_, actions) = alice
        .receive(Source::Server, &two[length..])
        .unwrap()
        .unwrap();
    assert_eq!(actions, sent(Frame::Pong { id: 9 }));
}

#[rstest]
#[case("Already connected!", "already connected")]
#[case("Failed to verify!", "matou identity publish")]
#[case("Invalid Packet", "not a valid packet")]
#[case("go away", "no other reason")]
fn a_refusal_is_explained(#[case] message: &str, #[case] meaning: &str) {
    let mut client = client(ALICE, PeerToPeer::Possible);
    client.intend(Intent::LogIn { login: "" }).unwrap();
    let actions = hear(&mut client, Frame::Disconnect { message });
    let [Action::Tell(Event::LoginRefused { reason, .. })] = &actions[..] else {
        panic!("{actions:?}");
    };
    let reason = reason.as_ref().unwrap();
    assert!(
        reason.contains(message) && reason.contains(meaning),
        "{reason}"
    );
}

#[test]
fn a_farewell_is_explained() {
    let mut alice = alice();
    let message = "Time out";
    let actions = hear(&mut alice, Frame::Disconnect { message });
    let [Action::Tell(Event::Refused { what })] = &actions[..] else {
        panic!("{actions:?}");
    };
    assert!(what.contains("received nothing from this client"), "{what}");
}

#[test]
fn a_client_without_direct_connections_says_so_and_can_still_deny() {
    let mut alice = client(ALICE, PeerToPeer::Impossible("no port".into()));
    alice.intend(Intent::LogIn { login: "" }).unwrap();
    hear(&mut alice, Frame::Connected);
    let impossible = Err(Refusal::NoPeerToPeer("no port".into()));
    assert_eq!(alice.intend(Intent::Ask { peer: "bob" }), impossible);
    hear(&mut alice, request(BOB, "10.0.0.8"));
    assert_eq!(alice.intend(Intent::Accept { peer: "bob" }), impossible);
    let denied = Frame::ConnectionRequestDenied { uuid: BOB };
    let deny = alice.intend(Intent::Deny { peer: "bob" });
    assert_eq!(deny, Ok(sent(denied)));
}

#[test]
fn what_the_protocol_does_not_have_is_refused() {
    let mut alice = alice();
    let say = Intent::Say { text: "hello" };
    assert_eq!(alice.intend(say), Err(Refusal::NoRoom));
    let (to, text) = ("bob", "hello");
    let whisper = alice.intend(Intent::Whisper { to, text });
    assert!(matches!(whisper, Err(Refusal::NoWhispers { .. })));
    let unknown = alice.intend(Intent::Ask { peer: "dave" });
    assert!(matches!(unknown, Err(Refusal::Unknown { .. })));
    let own = ALICE.to_string();
    let oneself = alice.intend(Intent::Ask { peer: &own });
    assert_eq!(oneself, Err(Refusal::Oneself));
}

#[test]
fn a_name_is_kept_and_used() {
    let mut alice = alice();
    let uuid = CAROL.to_string();
    let kept = alice.name(&uuid, "carol");
    let book = format!("{BOB} bob\n{CAROL} carol\n");
    assert_eq!(kept, Ok(vec![Action::KeepBook(book)]));
    assert_eq!(alice.known_as(&uuid), "carol");
    let taken = alice.name(&uuid, "bob");
    assert!(matches!(taken, Err(Refusal::Name(_))));
    let peer = "carol".to_owned();
    let asked = Action::tell(Event::Asked { peer });
    assert_eq!(hear(&mut alice, request(CAROL, "10.0.0.9")), asked);
}

#[test]
fn a_private_connection_has_the_new_name() {
    let mut alice = alice();
    let uuid = CAROL.to_string();
    alice.intend(Intent::Ask { peer: &uuid }).unwrap();
    hear(&mut alice, accepted(CAROL, "10.0.0.9"));
    hear(&mut alice, info(CAROL, "10.0.0.9"));
    alice.name(&uuid, "carol").unwrap();
    let close = alice.intend(Intent::Close { peer: "carol" });
    assert_eq!(close, Ok(vec![Action::Shut(TunnelId(1))]));
}

#[test]
fn a_lost_connection_ends_all_requests() {
    let mut alice = alice();
    alice.intend(Intent::Ask { peer: "bob" }).unwrap();
    alice.disconnected();
    alice.intend(Intent::LogIn { login: "" }).unwrap();
    hear(&mut alice, Frame::Connected);
    assert!(is_unexpected(&hear(&mut alice, accepted(BOB, "10.0.0.8"))));
    let ask = alice.intend(Intent::Ask { peer: "bob" });
    assert_eq!(ask, Ok(sent(request(BOB, "192.168.1.7"))));
}

#[test]
fn a_clients_packet_is_a_fault_and_a_repeated_packet_is_ignored() {
    let mut alice = alice();
    assert!(is_unexpected(&hear(&mut alice, Frame::Connected)));
    let pong = Frame::Pong { id: 1 }.encoded();
    let fault = alice.receive(Source::Server, &pong).unwrap_err();
    assert!(matches!(
        fault,
        Fault::Malformed(Malformed::WrongSide { .. })
    ));
    let ping = Frame::Ping { id: 1 }.encoded();
    for length in 0..ping.len() {
        let incomplete = alice.receive(Source::Server, &ping[..length]);
        assert_eq!(incomplete, Ok(None));
    }
}

#[rstest]
#[case(Frame::Disconnect { message: "Time out" })]
#[case(Frame::Connected)]
#[case(Frame::Ping { id: -1 })]
#[case(request(BOB, "192.0.2.1"))]
#[case(accepted(BOB, "2001:db8::1"))]
#[case(Frame::ConnectionRequestDenied { uuid: BOB })]
#[case(info(BOB, "192.0.2.1"))]
fn every_byte_of_a_packet_is_explained(#[case] frame: Frame<'static>) {
    let bytes = frame.encoded();
    let explained = alice().explain(Direction::Received, Source::Server, &bytes);
    let explained = explained.unwrap();
    assert_eq!(
        (&*explained.name, explained.length()),
        (frame.packet(), bytes.len())
    );
}

#[test]
fn the_signature_is_explained_and_not_shown() {
    let mut client = client(ALICE, PeerToPeer::Possible);
    let hello = client.intend(Intent::LogIn { login: "" }).unwrap();
    let [Action::Send(bytes)] = &hello[..] else {
        panic!("{hello:?}");
    };
    let explained = client.explain(Direction::Sent, Source::Server, bytes);
    let explained = explained.unwrap();
    assert_eq!(explained.length(), bytes.len());
    let field = explained.fields.last().unwrap();
    assert!(field.is_secret && field.value == "(not shown)");
}
