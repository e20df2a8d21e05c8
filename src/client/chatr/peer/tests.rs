//! Tests two clients with a simulated network between them. The network loses, duplicates and reorders datagrams at random;
//! a seed determines the random numbers. The tests use no socket and do not wait: the simulated time jumps from one event to
//! the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::conversation::{ConversationState, Meeting, OPENING_LIMIT, Received};
use super::conversations::{Conversations, Id};
use super::probes::{MOST_PROBES, PROBE_BYTES};
use super::tls::SILENCE;
use crate::identity::{Identity, KeyBits};

/// All tests share these keys, because generating keys takes longer than all other work of these tests.
static KEYS: LazyLock<[Identity; 3]> =
    LazyLock::new(|| [(); 3].map(|()| Identity::generate(KeyBits::Two).unwrap()));
const ALICE: usize = 0;
const BOB: usize = 1;
const MALLORY: usize = 2;

fn address(who: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 2 + who as u8], 4000))
}

/// The percentages of the datagrams that the network loses, duplicates and reorders.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    lost: u64,
    doubled: u64,
    swapped: u64,
}

const FAIR: Weather = Weather {
    lost: 0,
    doubled: 0,
    swapped: 0,
};
const FOUL: Weather = Weather {
    lost: 20,
    doubled: 10,
    swapped: 20,
};

/// One side of the conversation.
struct End {
    conversations: Conversations,
    id: Id,
    /// The bytes that this side still has to write. After the last byte, this side stops sending.
    unsent: Vec<u8>,
    finished: bool,
    received: Vec<u8>,
    end_received: bool,
}

impl End {
    fn new(who: usize) -> End {
        End {
            conversations: Conversations::new(KEYS[who].for_tls().unwrap()),
            id: Id::MAX,
            unsent: Vec::new(),
            finished: false,
            received: Vec::new(),
            end_received: false,
        }
    }

    fn meet(&mut self, now: Instant, at: usize, key_of: usize, calls: bool) {
        let meeting = Meeting {
            candidates: vec![address(at)],
            key: KEYS[key_of].fingerprint(),
            calls,
            nonce: [u8::from(calls) + 1; 16],
        };
        self.id = self.conversations.meet(now, &meeting).unwrap();
    }

    fn state(&mut self) -> ConversationState {
        let conversation = self.conversations.get(self.id).unwrap();
        conversation.state().clone()
    }

    /// Writes and reads as much as possible.
    fn work(&mut self, now: Instant) {
        let conversation = self.conversations.get(self.id).unwrap();
        let written = conversation.write(&self.unsent);
        self.unsent.drain(..written);
        if self.unsent.is_empty()
            && !self.finished
            && *conversation.state() == ConversationState::Up
        {
            conversation.finish();
            self.finished = true;
        }
        while let Some(received) = conversation.read() {
            match received {
                Received::Bytes(bytes) => self.received.extend(bytes),
                Received::End => self.end_received = true,
            }
        }
        self.conversations.settle(now);
    }

    fn is_done(&mut self) -> bool {
        let all_sent = self.conversations.get(self.id).unwrap().all_sent();
        self.end_received && all_sent
    }
}

/// A datagram on its way: its time of arrival, its number, its sender, its receiver, and its bytes.
type Flight = (Instant, u64, SocketAddr, SocketAddr, Vec<u8>);

/// Two sides and the network between them. The first side has Alice's address and the second has Bob's, even if a test gives
/// them the keys of other users.
struct Net {
    now: Instant,
    ends: [End; 2],
    weather: Weather,
    chance: u64,
    flying: BinaryHeap<Reverse<Flight>>,
    count: u64,
    /// Everything that was sent, even if the network lost it.
    log: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Net {
    fn new(alice: End, bob: End, weather: Weather, seed: u64) -> Net {
        Net {
            now: Instant::now(),
            ends: [alice, bob],
            weather,
            chance: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            flying: BinaryHeap::new(),
            count: 0,
            log: Vec::new(),
        }
    }

    /// Makes both sides leave their directions open after their last byte: neither side tells the other that it stops
    /// sending.
    fn with_open_ends(mut self) -> Net {
        for end in &mut self.ends {
            end.finished = true;
        }
        self
    }

    /// Makes both sides start to search for each other.
    fn meet(&mut self) {
        self.ends[ALICE].meet(self.now, BOB, BOB, true);
        self.ends[BOB].meet(self.now, ALICE, ALICE, false);
    }

    fn percent(&mut self) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) % 100
    }

    fn fly(&mut self, from: SocketAddr, to: SocketAddr, datagram: Vec<u8>) {
        self.log.push((from, to, datagram.clone()));
        if self.percent() < self.weather.lost {
            return;
        }
        let copies = 1 + u64::from(self.percent() < self.weather.doubled);
        for _ in 0..copies {
            // A delayed datagram arrives after datagrams that were sent later than it.
            let held_back = 40 * u64::from(self.percent() < self.weather.swapped);
            let arrives = self.now + Duration::from_millis(10 + held_back);
            self.count += 1;
            let flight = (arrives, self.count, from, to, datagram.clone());
            self.flying.push(Reverse(flight));
        }
    }

    /// Returns the time of the next arrival or deadline.
    fn next_event(&mut self) -> Option<Instant> {
        let arrival = self.flying.peek().map(|Reverse(flight)| flight.0);
        let deadlines = self.ends.each_mut().map(|end| end.conversations.deadline());
        deadlines.into_iter().flatten().chain(arrival).min()
    }

    /// Sends everything that is ready, then advances the time to the next event and handles it. Returns false if there is no
    /// event.
    fn step(&mut self) -> bool {
        for who in [ALICE, BOB] {
            self.ends[who].work(self.now);
            while let Some((to, datagram)) = self.ends[who].conversations.next_datagram() {
                self.fly(address(who), to, datagram);
            }
        }
        let Some(next) = self.next_event() else {
            return false;
        };
        self.now = self.now.max(next);
        while let Some(Reverse(flight)) = self.flying.peek() {
            if flight.0 > self.now {
                break;
            }
            let Some(Reverse((_, _, from, to, datagram))) = self.flying.pop() else {
                break;
            };
            if let Some(who) = [ALICE, BOB].into_iter().find(|who| address(*who) == to) {
                let conversations = &mut self.ends[who].conversations;
                conversations.datagram(self.now, from, &datagram);
            }
        }
        for end in &mut self.ends {
            end.conversations.timeout(self.now);
        }
        true
    }

    /// Runs until `is_so` returns true. Fails after ten minutes of simulated time.
    fn run_until(&mut self, mut is_so: impl FnMut(&mut [End; 2]) -> bool) {
        let began = self.now;
        while !is_so(&mut self.ends) {
            assert!(self.step(), "no further event follows");
            let passed = self.now - began;
            assert!(
                passed < Duration::from_secs(600),
                "the expected state was not reached"
            );
        }
    }

    fn both_over(&mut self) {
        self.run_until(|ends| {
            ends.iter_mut()
                .all(|end| matches!(end.state(), ConversationState::Over(_)))
        });
    }
}

/// Returns a text whose lines all differ, so that a test notices if a line was lost, duplicated or reordered.
fn text(of: &str, lines: usize) -> Vec<u8> {
    let lines = (0..lines).map(|line| format!("{of}: this is line {line}\n"));
    lines.collect::<String>().into_bytes()
}

#[test]
fn text_arrives_in_order_and_unaltered_although_datagrams_are_lost_doubled_and_swapped() {
    for seed in 0..20 {
        let mut net = Net::new(End::new(ALICE), End::new(BOB), FOUL, seed);
        let (ours, theirs) = (text("alice", 2000), text("bob", 700));
        net.ends[ALICE].unsent.clone_from(&ours);
        net.ends[BOB].unsent.clone_from(&theirs);
        net.meet();
        net.run_until(|ends| ends.iter_mut().all(End::is_done));
        assert!(net.ends[BOB].received == ours, "seed {seed}");
        assert!(net.ends[ALICE].received == theirs, "seed {seed}");
        // The side that closes has received everything, and the other side learns that the end was normal.
        let (closed, id) = (net.now, net.ends[ALICE].id);
        net.ends[ALICE].conversations.get(id).unwrap().close(closed);
        net.ends[ALICE].conversations.settle(closed);
        net.run_until(|ends| ends[BOB].state() == ConversationState::Over(None));
        assert!(net.now - closed < SILENCE / 5, "seed {seed}");
    }
}

#[test]
fn the_datagram_that_closes_is_sent_again_until_it_is_answered_and_not_for_ever() {
    const COPIES: usize = 6;
    for lost in 0..=COPIES + 1 {
        let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1).with_open_ends();
        net.meet();
        net.run_until(|ends| {
            ends.iter_mut()
                .all(|end| end.state() == ConversationState::Up)
        });
        // Wait until Bob has nothing more to send. A datagram from Bob would make Alice send her closing datagram again.
        let quiet = net.now + Duration::from_secs(1);
        while net.next_event().is_some_and(|at| at < quiet) {
            assert!(net.step());
        }
        let (closed, id) = (net.now, net.ends[ALICE].id);
        net.log.clear();
        net.weather.lost = 100;
        net.ends[ALICE].conversations.get(id).unwrap().close(closed);
        net.ends[ALICE].conversations.settle(closed);
        let sent = |net: &Net| {
            let by_alice = net.log.iter().filter(|(from, ..)| *from == address(ALICE));
            by_alice.count()
        };
        while sent(&net) < lost.min(COPIES + 1) {
            assert!(net.step());
        }
        let reason = match lost <= COPIES {
            true => {
                net.weather = FAIR;
                "the peer has left"
            }
            false => "the peer sent nothing for 30 s",
        };
        net.run_until(|ends| ends[BOB].state() != ConversationState::Up);
        assert_eq!(
            net.ends[BOB].state(),
            ConversationState::Over(Some(reason.into()))
        );
        let passed = net.now - closed;
        assert!(
            lost > COPIES || passed < Duration::from_secs(4),
            "{lost} lost: {passed:?}"
        );
        let answered = net.now + SILENCE;
        while net.now < answered && net.step() {}
        assert_eq!(sent(&net), (lost + 1).min(COPIES + 1), "{lost} lost");
    }
}

#[test]
fn a_late_peer_is_found_whichever_side_begins() {
    for (late, early) in [(ALICE, BOB), (BOB, ALICE)] {
        let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1);
        net.ends[early].meet(net.now, late, late, early == ALICE);
        let began = net.now;
        while net.now - began < Duration::from_secs(3) {
            let conversations = &mut net.ends[early].conversations;
            while conversations.next_datagram().is_some() {}
            net.now = conversations.deadline().unwrap();
            conversations.timeout(net.now);
        }
        net.ends[late].meet(net.now, early, early, late == ALICE);
        net.run_until(|ends| {
            ends.iter_mut()
                .all(|end| end.state() == ConversationState::Up)
        });
    }
}

#[test]
fn a_program_with_another_key_is_not_accepted_as_the_peer() {
    // Mallory is an attacker who uses Bob's address. In the first round she accepts the connection, in the second round she
    // starts it.
    for mallory_calls in [false, true] {
        let mut net = Net::new(End::new(ALICE), End::new(MALLORY), FAIR, 1);
        net.ends[ALICE].unsent = b"for bob's eyes".to_vec();
        net.ends[BOB].unsent = b"i am bob, honestly".to_vec();
        net.ends[ALICE].meet(net.now, BOB, BOB, !mallory_calls);
        net.ends[BOB].meet(net.now, ALICE, ALICE, mallory_calls);
        net.both_over();
        let ConversationState::Over(Some(reason)) = net.ends[ALICE].state() else {
            panic!("alice did not notice that something is wrong");
        };
        assert!(
            reason.contains("did not prove that it has the peer's registered key"),
            "{reason}"
        );
        let [alice, mallory] = &net.ends;
        assert!(alice.received.is_empty() && mallory.received.is_empty());
    }
}

#[test]
fn a_recorded_conversation_does_not_prove_anything_later() {
    let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1);
    net.ends[ALICE].unsent = b"once".to_vec();
    net.meet();
    net.run_until(|ends| ends.iter_mut().all(End::is_done));
    let recorded = std::mem::take(&mut net.log);
    // Bob searches for Alice again. But now an attacker only sends him the recorded datagrams of Alice, each of them twice.
    let mut again = Net::new(End::new(MALLORY), End::new(BOB), FAIR, 1);
    again.ends[BOB].meet(again.now, ALICE, ALICE, false);
    for _ in 0..2 {
        for (from, to, datagram) in &recorded {
            if *to == address(BOB) {
                let conversations = &mut again.ends[BOB].conversations;
                conversations.datagram(again.now, *from, datagram);
            }
        }
    }
    let bob = &mut again.ends[BOB].conversations;
    while let Some(at) = bob.deadline() {
        bob.timeout(at);
        let id = again.ends[BOB].id;
        if matches!(bob.get(id).unwrap().state(), ConversationState::Over(_)) {
            break;
        }
    }
    assert!(matches!(
        again.ends[BOB].state(),
        ConversationState::Over(Some(_))
    ));
    assert!(again.ends[BOB].received.is_empty());
}

#[test]
fn silence_is_answered_with_ten_probes_and_a_reason() {
    let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1);
    let began = net.now;
    net.ends[ALICE].meet(net.now, MALLORY, MALLORY, true);
    let mut sent = Vec::new();
    let alice = &mut net.ends[ALICE];
    let mut now = began;
    while let ConversationState::Opening = alice.state() {
        while let Some((to, datagram)) = alice.conversations.next_datagram() {
            sent.push((to, datagram.len()));
        }
        now = alice.conversations.deadline().unwrap();
        alice.conversations.timeout(now);
    }
    assert_eq!(sent, vec![(address(MALLORY), PROBE_BYTES); MOST_PROBES]);
    assert_eq!(now - began, OPENING_LIMIT);
    let ConversationState::Over(Some(reason)) = alice.state() else {
        panic!("alice did not notice that something is wrong");
    };
    assert!(reason.contains("no answer from the peer"), "{reason}");
}

#[test]
fn garbage_changes_nothing_and_strangers_get_no_answer() {
    let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 7);
    net.ends[ALICE].unsent = text("alice", 2000);
    net.meet();
    while !net.ends.iter_mut().all(End::is_done) {
        assert!(net.step());
        let length = (net.percent() * 15) as usize;
        let garbage: Vec<u8> = (0..length)
            .map(|_| (net.percent() as u8).wrapping_mul(5))
            .collect();
        let now = net.now;
        for from in [address(BOB), address(MALLORY)] {
            let alice = &mut net.ends[ALICE].conversations;
            alice.datagram(now, from, &garbage);
        }
    }
    assert_eq!(net.ends[BOB].received, text("alice", 2000));
    let to_strangers = net.log.iter().filter(|(_, to, _)| *to == address(MALLORY));
    assert_eq!(to_strangers.count(), 0);
}

#[test]
fn a_peer_that_vanishes_is_gone_after_a_while() {
    let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1).with_open_ends();
    net.meet();
    net.run_until(|ends| {
        ends.iter_mut()
            .all(|end| end.state() == ConversationState::Up)
    });
    let vanished = net.now;
    net.weather.lost = 100;
    net.both_over();
    assert!(net.now - vanished >= SILENCE);
    let ConversationState::Over(Some(reason)) = net.ends[ALICE].state() else {
        panic!("alice did not notice that something is wrong");
    };
    assert_eq!(reason, "the peer sent nothing for 30 s");
}

#[test]
fn a_quiet_conversation_lasts() {
    let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1).with_open_ends();
    net.meet();
    net.run_until(|ends| {
        ends.iter_mut()
            .all(|end| end.state() == ConversationState::Up)
    });
    let began = net.now;
    net.log.clear();
    while net.now - began < SILENCE * 10 {
        assert!(net.step());
    }
    // Each side sends only a keep-alive packet from time to time, and the other side acknowledges it.
    assert!(net.log.len() < 200, "{} datagrams", net.log.len());
    assert!(
        net.ends
            .iter_mut()
            .all(|end| end.state() == ConversationState::Up)
    );
}

#[test]
fn a_peer_that_leaves_early_is_reported_as_having_left() {
    let mut net = Net::new(End::new(ALICE), End::new(BOB), FAIR, 1).with_open_ends();
    net.meet();
    net.run_until(|ends| {
        ends.iter_mut()
            .all(|end| end.state() == ConversationState::Up)
    });
    let (now, id) = (net.now, net.ends[ALICE].id);
    net.ends[ALICE].conversations.get(id).unwrap().close(now);
    net.run_until(|ends| {
        ends[BOB].state() == ConversationState::Over(Some("the peer has left".into()))
    });
}
