//! Tests of time limits. When a time limit of a room has passed, the engine tells the room before the room handles the next
//! event, even if the clock's thread is late.

use std::convert::Infallible;
use std::fmt;
use std::time::Instant;

use matou_protocols::room::{ConnId, Effects, Event, Flow, Packet, Protocol};
use matou_protocols::wire::Malformed;
use matou_server::net::{ConnectionLimits, ProcessLimits};

use super::support::{Client, Server};

/// A room in which a command is one byte. Each command sets a time limit that has already passed when the next command is
/// handled. The room answers a command with 1 if the engine has already told it that the previous command's limit has
/// passed. Otherwise it answers with 0.
#[derive(Default)]
struct Limits {
    deadline: Option<Instant>,
    ticked: bool,
}

struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Packet for Byte {
    fn encode(&self, into: &mut Vec<u8>) {
        into.push(self.0);
    }
}

impl Protocol for Limits {
    const NAME: &'static str = "limits";
    type Codec = ();
    type Command<'a> = Byte;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode(_: &(), input: &[u8]) -> Result<Option<(Byte, usize)>, Malformed> {
        Ok(input.first().map(|byte| (Byte(*byte), 1)))
    }

    fn turns_the_stream(_: &Byte) -> bool {
        false
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Byte>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow {
        if let Event::Command(_) = event {
            out.one(from, &Byte(u8::from(self.ticked)));
            self.ticked = false;
            self.deadline = Some(now);
        }
        Flow::Frames
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn tick(&mut self, _: Instant, _: &mut Effects) {
        self.deadline = None;
        self.ticked = true;
    }
}

#[test]
fn a_limit_that_has_passed_is_ticked_before_the_next_command_of_the_same_read() {
    let limits = ConnectionLimits::default();
    let server = Server::serving(Limits::default(), (), limits, ProcessLimits::default());
    let mut client = Client::connect(server.address());
    // The commands of one read are handled under one lock, so the clock's thread cannot tick between them.
    client.raw(&[7; 100]);
    assert_eq!(client.bytes(1), [0]);
    assert_eq!(client.bytes(99), [1; 99]);
}
