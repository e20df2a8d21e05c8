//! Tests of a hub that several senders and the clock use at the same time. The hub's run has space for only two messages. A
//! thread with the turn carries out the run once (a round). If more messages arrived during this round, the thread hands the
//! turn to the clock.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Instant;

use matou_protocols::room::{ConnId, Effects, Event, Flow, Packet, Protocol};
use matou_protocols::wire::Malformed;
use shuttle::thread;

use super::bounds::limits::ConnectionLimits;
use super::bounds::talk::{Bucket, Talk};
use super::connection::Connection;
use super::hub::Hub;
use super::questions::workers::Answers;
use super::sending::turn::ALL_CLIENTS_GOT;

const SENDERS: u8 = 3;
const MESSAGES: u8 = 3;

/// A room that relays each byte to all clients.
struct Echo;

#[derive(Debug, Clone, Copy)]
struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}", self.0)
    }
}

impl Packet for Byte {
    fn encode(&self, into: &mut Vec<u8>) {
        into.push(self.0);
    }
}

impl Protocol for Echo {
    const NAME: &'static str = "echo";
    type Codec = ();
    type Command<'a> = Byte;
    type Question = Infallible;
    type Answer = Infallible;

    fn decode((): &(), _: &[u8]) -> Result<Option<(Byte, usize)>, Malformed> {
        Ok(None)
    }

    fn turns_the_stream(_: &Byte) -> bool {
        false
    }

    fn handle(&mut self, _: ConnId, event: Event<Byte>, _: Instant, out: &mut Effects) -> Flow {
        if let Event::Command(byte) = event {
            out.all(&byte);
        }
        Flow::Frames
    }
}

/// Runs the model once. Returns the number of times that a sender or the clock handed the turn to the clock.
fn all_senders_send() -> usize {
    let limits = ConnectionLimits::default();
    let hub = Hub::new(Echo, (), limits, None, Answers(PhantomData), "echo".into());
    let clock = {
        let hub = Arc::clone(&hub);
        thread::spawn(move || hub.keep_time())
    };
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let hub = Arc::clone(&hub);
            thread::spawn(move || {
                let connection = Connection::of(u64::from(sender));
                // The bytes of one read are one visit to the room. Each sender here makes two visits: the first with two
                // messages, and the second with the remaining messages.
                let messages = (0..MESSAGES).map(|number| Byte(sender << 4 | number));
                let (first, rest): (Vec<_>, Vec<_>) = messages.partition(|byte| byte.0 & 0xf < 2);
                let now = Instant::now();
                let mut talk = Talk::new(Arc::new(Bucket::new(0, 0, now)));
                hub.commands(&connection, first, &mut talk, now);
                hub.commands(&connection, rest, &mut talk, now);
            })
        })
        .collect();
    for sender in senders {
        sender.join().expect("no sender panics");
    }
    hub.clock.end();
    clock.join().expect("the clock does not panic");
    let got = ALL_CLIENTS_GOT.lock().clone();
    assert_eq!(got.len(), usize::from(SENDERS * MESSAGES), "{got:02x?}");
    for sender in 0..SENDERS {
        let own: Vec<u8> = got
            .iter()
            .copied()
            .filter(|byte| byte >> 4 == sender)
            .collect();
        let sent: Vec<u8> = (0..MESSAGES).map(|number| sender << 4 | number).collect();
        assert_eq!(own, sent, "{got:02x?}");
    }
    hub.clock.turns()
}

#[test]
fn no_message_is_lost_or_reordered_whichever_thread_has_the_turn() {
    shuttle::check_random(|| _ = all_senders_send(), 2000);
    shuttle::check_pct(|| _ = all_senders_send(), 2000, 3);
}

#[test]
fn the_model_hands_the_turn_to_the_clock() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let play = || {
        MOST.fetch_max(all_senders_send(), Ordering::Relaxed);
    };
    shuttle::check_random(play, 200);
    // The turn went to the clock at least twice in one execution, because messages arrived while a thread carried out the
    // run.
    assert!(MOST.load(Ordering::Relaxed) >= 2);
}
