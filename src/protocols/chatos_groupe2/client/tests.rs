//! Tests of the part that differs from Chaton: how private connections are closed.

use super::*;
use crate::chaton;
use crate::dialogue::Event;

const CODEC: Codec = Codec {
    long: chaton::LongWidth::Eight,
};

fn hear<'a>(client: &mut ChatosGroupe2Client, frame: impl Into<ServerFrame<'a>>) -> Vec<Action> {
    let mut bytes = Vec::new();
    frame.into().encode(CODEC, &mut bytes);
    let (length, actions) = client.receive(Source::Server, &bytes).unwrap().unwrap();
    assert_eq!(length, bytes.len());
    actions
}

fn accept_close(login: &str) -> ServerFrame<'_> {
    ServerFrame::AcceptCloseConnection(AcceptCloseConnection { login })
}

/// Alice's client, with one private connection to bob for each of these ids.
fn alice(connect_ids: &[i64]) -> ChatosGroupe2Client {
    let mut alice = ChatosGroupe2Client::new(CODEC);
    alice.intend(Intent::LogIn { login: "alice" }).unwrap();
    hear(&mut alice, chaton::ServerFrame::LoginAccepted);
    for (connect_id, number) in connect_ids.iter().copied().zip(1..) {
        alice.intend(Intent::Ask { peer: "bob" }).unwrap();
        let id = chaton::ServerFrame::IdPrivate {
            requester: "alice",
            target: "bob",
            connect_id,
        };
        let opened = hear(&mut alice, id);
        assert!(
            matches!(&*opened, [Action::Tell(Event::Agreed { .. }), Action::Open { tunnel, .. }]
            if *tunnel == TunnelId(number))
        );
    }
    alice
}

#[test]
fn a_close_is_sent_after_everything_else_has_left() {
    let mut alice = alice(&[7]);
    let close = Intent::Close { peer: "bob" };
    let tunnel = TunnelId(1);
    assert_eq!(alice.intend(close), Ok(vec![Action::Shut(tunnel)]));
    let frame = b"\x0b\0\0\0\0\0\0\0\x07\0\0\0\x05alice\0\0\0\x03bob";
    assert_eq!(alice.all_sent(tunnel), [Action::Send(frame.to_vec())]);
    assert_eq!(alice.all_sent(tunnel), []);
    assert!(alice.intend(close).is_err());
}

#[test]
fn the_newest_private_connection_is_closed_first() {
    let mut alice = alice(&[7, 8]);
    for (tunnel, connect_id) in [(TunnelId(2), 8), (TunnelId(1), 7)] {
        let close = alice.intend(Intent::Close { peer: "bob" });
        assert_eq!(close, Ok(vec![Action::Shut(tunnel)]));
        let sent = alice.all_sent(tunnel);
        assert!(matches!(&*sent, [Action::Send(bytes)] if bytes[8] == connect_id));
    }
}

#[test]
fn a_client_that_is_told_of_a_close_sends_no_more_and_no_close() {
    let mut alice = alice(&[7]);
    let tunnel = TunnelId(1);
    assert_eq!(
        hear(&mut alice, accept_close("bob")),
        [Action::Shut(tunnel)]
    );
    assert_eq!(alice.all_sent(tunnel), []);
    assert!(alice.intend(Intent::Close { peer: "bob" }).is_err());
}

#[test]
fn a_close_of_an_ended_private_connection_changes_nothing() {
    let mut alice = alice(&[7]);
    assert_eq!(hear(&mut alice, accept_close("carol")), []);
    alice.ended(TunnelId(1));
    assert_eq!(hear(&mut alice, accept_close("bob")), []);
    assert!(alice.intend(Intent::Close { peer: "bob" }).is_err());
}

#[test]
fn a_private_connection_that_ends_early_needs_no_close() {
    let mut alice = alice(&[7]);
    alice.intend(Intent::Close { peer: "bob" }).unwrap();
    alice.ended(TunnelId(1));
    assert_eq!(alice.all_sent(TunnelId(1)), []);
}

#[test]
fn a_close_before_established_is_a_fault() {
    let mut alice = alice(&[7]);
    let fault = alice.receive(Source::Tunnel(TunnelId(1)), b"\x0c\0\0\0\x03bob");
    assert_eq!(
        fault.unwrap_err().to_string(),
        "received ACCEPT_CLOSE_CONNECTION login=\"bob\" instead of ESTABLISHED"
    );
}

#[test]
fn everything_else_is_chatons() {
    let mut alice = alice(&[]);
    let message = chaton::ServerFrame::Message {
        login: "bob",
        msg: "hi",
    };
    assert_eq!(
        hear(&mut alice, message),
        Action::tell(Event::Said {
            from: "bob".into(),
            text: "hi".into()
        })
    );
}
