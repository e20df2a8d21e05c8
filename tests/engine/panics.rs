//! Tests that a panic in the server ends only the connection that caused it.

use std::convert::Infallible;
use std::time::Instant;

use matou_protocols::chaton::{ClientFrame, Codec, Options, Room};
use matou_protocols::room::{ConnId, Effects, Event, Flow, Protocol};
use matou_protocols::wire::Malformed;
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits};

use super::support::{Client, entropy};

/// A Chaton room that panics when it handles a certain message.
struct Clumsy(Room);

impl Protocol for Clumsy {
    const NAME: &'static str = "clumsy";
    type Codec = Codec;
    type Command<'a> = ClientFrame<'a>;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode<'a>(
        codec: &Codec,
        input: &'a [u8],
    ) -> Result<Option<(ClientFrame<'a>, usize)>, Malformed> {
        Room::decode(codec, input)
    }

    fn turns_the_stream(command: &ClientFrame<'_>) -> bool {
        Room::turns_the_stream(command)
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<ClientFrame<'_>>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        if let Event::Command(ClientFrame::Message { msg: "stumble", .. }) = event {
            panic!("this panic is part of the test");
        }
        self.0.handle(from, event, now, out)
    }
}

#[test]
fn a_panic_in_the_thread_of_a_connection_ends_only_that_connection() {
    let engine = Engine::start(&ProcessLimits::default());
    let room = Clumsy(Room::new(Options::default(), entropy()));
    let address = "127.0.0.1:0".parse().unwrap();
    let service = engine
        .listen(room, Codec::default(), address, ConnectionLimits::default())
        .unwrap();
    let login = |login: &str| {
        let mut client = Client::connect(service.address());
        client.send(ClientFrame::Login { login });
        assert_eq!(client.next(), "LOGIN_ACCEPTED");
        client
    };
    let (mut alice, mut bob) = (login("alice"), login("bob"));
    alice.say("alice", "stumble");
    alice.expect_any_end();
    bob.say("bob", "unharmed");
    assert_eq!(bob.next(), "MESSAGE login=\"bob\" msg=\"unharmed\"");
    // The server tells the room that alice has gone, so her name also becomes free.
    let mut again = Client::connect(service.address());
    loop {
        again.send(ClientFrame::Login { login: "alice" });
        if again.next() == "LOGIN_ACCEPTED" {
            break;
        }
    }
}
