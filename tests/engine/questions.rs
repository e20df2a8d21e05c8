//! Tests of questions that the room asks the workers. Only the client that caused a question waits for the answer.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use matou_protocols::room::{ConnId, Effects, Effort, Event, Flow, Packet, Protocol};
use matou_protocols::wire::Malformed;
use matou_server::net::{ConnectionLimits, Engine, ProcessLimits, Service};

use super::support::{Client, PATIENCE};

/// A room in which a frame is one byte.
///
/// A capital letter from a client makes the room ask a question. The answer is the small letter, which only this client
/// receives. The letters A to F are look-ups; the later letters count as expensive, like password hashes. When the server is
/// too busy to answer a question, all clients receive a `-`. A `#` sets a deadline of the room that passes after 1 ms, and
/// an `@` sets a deadline that passes after 300 ms. When the deadline passes, the client that has set it receives a `?`.
/// Every other byte is sent to all clients.
#[derive(Default)]
struct Letters {
    alarm: Option<(Instant, ConnId)>,
}

#[derive(Debug, Clone, Copy)]
struct Letter(u8);

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", char::from(self.0))
    }
}

impl Packet for Letter {
    fn encode(&self, into: &mut Vec<u8>) {
        into.push(self.0);
    }
}

impl Protocol for Letters {
    const NAME: &'static str = "letters";
    type Codec = ();
    type Command<'a> = Letter;
    type Question = u8;
    type Answer = u8;

    fn decode(_: &(), input: &[u8]) -> Result<Option<(Letter, usize)>, Malformed> {
        Ok(input.first().map(|letter| (Letter(*letter), 1)))
    }

    fn turns_the_stream(_: &Letter) -> bool {
        false
    }

    fn effort(question: &u8) -> Effort {
        match question {
            b'A'..=b'F' => Effort::LookUp,
            _ => Effort::Hash,
        }
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Letter, u8>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<u8> {
        match event {
            Event::Opened(_) => {
                out.join(from, "client");
                out.one(from, &Letter(b'!'));
            }
            Event::Command(Letter(question)) if question.is_ascii_uppercase() => {
                return Flow::Ask(question);
            }
            Event::Command(Letter(b'#')) => {
                self.alarm = Some((now + Duration::from_millis(1), from));
            }
            Event::Command(Letter(b'@')) => {
                self.alarm = Some((now + Duration::from_millis(300), from));
            }
            Event::Command(said) => out.all(&said),
            Event::Answer(answer) => out.one(from, &Letter(answer)),
            Event::Busy => out.all(&Letter(b'-')),
            Event::ReadClosed => {
                out.leave(from);
                out.finish(from);
                return Flow::Closed;
            }
            Event::Gone => out.leave(from),
            Event::Malformed(_) | Event::Overdue(_) => {}
        }
        Flow::Frames
    }

    fn deadline(&self) -> Option<Instant> {
        self.alarm.map(|(at, _)| at)
    }

    fn tick(&mut self, _: Instant, out: &mut Effects) {
        if let Some((_, whose)) = self.alarm.take() {
            out.one(whose, &Letter(b'?'));
        }
    }
}

/// A server with a single worker for hashes. This worker answers only when the test allows it. Look-ups are answered at
/// once.
struct Server {
    engine: Engine,
    service: Service,
    /// Receives each question that is not a look-up, as soon as a worker begins to work on it.
    taken_up: Receiver<u8>,
    go_on: Sender<()>,
}

impl Server {
    fn start() -> Server {
        let engine = Engine::start(&ProcessLimits {
            workers: 1,
            ..ProcessLimits::default()
        });
        let (take_up, taken_up) = channel();
        let (go_on, until) = channel::<()>();
        let gates = Arc::new(Mutex::new((take_up, until)));
        let find = move |question: u8| {
            if Letters::effort(&question) == Effort::LookUp {
                return question.to_ascii_lowercase();
            }
            let (take_up, until) = &*gates.lock().unwrap_or_else(|broken| broken.into_inner());
            let _ = take_up.send(question);
            let _ = until.recv();
            assert_ne!(question, b'P', "this panic is part of the test");
            question.to_ascii_lowercase()
        };
        let any = "127.0.0.1:0".parse().unwrap();
        let limits = ConnectionLimits::default();
        let service = engine
            .listen_and_answer(Letters::default(), (), any, limits, find)
            .unwrap();
        Server {
            engine,
            service,
            taken_up,
            go_on,
        }
    }

    fn connect(&self) -> Client {
        let mut client = Client::connect(self.service.address());
        assert_eq!(client.bytes(1), b"!");
        client
    }

    fn next_question(&self) -> u8 {
        self.taken_up.recv_timeout(PATIENCE).expect("a question")
    }
}

#[test]
fn the_later_frames_of_an_asker_wait_for_the_answer_and_other_clients_continue() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.connect(), server.connect());
    alice.raw(b"xQy");
    assert_eq!(bob.bytes(1), b"x");
    assert_eq!(server.next_question(), b'Q');
    bob.raw(b"1");
    assert_eq!(bob.bytes(1), b"1");
    // The asker also receives the messages of the other clients.
    assert_eq!(alice.bytes(2), b"x1");
    server.go_on.send(()).unwrap();
    assert_eq!(alice.bytes(2), b"qy");
    assert_eq!(bob.bytes(1), b"y");
}

#[test]
fn questions_in_one_read_are_answered_one_after_the_other() {
    let server = Server::start();
    let mut alice = server.connect();
    for _ in 0..3 {
        server.go_on.send(()).unwrap();
    }
    alice.raw(b"QaRSb");
    assert_eq!(alice.bytes(5), b"qarsb");
}

#[test]
fn many_questions_do_not_delay_other_clients() {
    const ASKERS: usize = 200;
    let server = Server::start();
    let mut askers: Vec<_> = (0..ASKERS).map(|_| server.connect()).collect();
    for asker in &mut askers {
        asker.raw(b"Q");
    }
    // The worker has begun to answer one question. The other questions wait for this worker.
    assert_eq!(server.next_question(), b'Q');
    let (mut alice, mut bob) = (server.connect(), server.connect());
    for said in 0..=9 {
        alice.raw(&[said]);
        assert_eq!(bob.bytes(1), [said]);
    }
    for _ in 0..ASKERS {
        server.go_on.send(()).unwrap();
    }
    for asker in &mut askers {
        while asker.bytes(1) != b"q" {}
    }
}

#[test]
fn a_look_up_never_waits_for_a_hash() {
    let server = Server::start();
    let mut askers: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for asker in &mut askers {
        asker.raw(b"Q");
    }
    assert_eq!(server.next_question(), b'Q');
    let mut alice = server.connect();
    alice.raw(b"AxB");
    assert_eq!(alice.bytes(3), b"axb");
}

#[test]
fn a_question_above_the_limit_is_refused_at_once() {
    // The worker has begun to answer one question, and 256 more questions wait. This is the limit, so the server refuses all
    // other questions.
    const ASKERS: usize = 300;
    const REFUSED: usize = ASKERS - 257;
    let server = Server::start();
    let mut witness = server.connect();
    let mut askers: Vec<_> = (0..ASKERS).map(|_| server.connect()).collect();
    askers[0].raw(b"Q");
    assert_eq!(server.next_question(), b'Q');
    for asker in &mut askers[1..] {
        asker.raw(b"Q");
    }
    assert_eq!(witness.bytes(REFUSED), vec![b'-'; REFUSED]);
    // The other questions still wait. A client whose question was refused may ask again.
    for _ in 0..ASKERS - REFUSED {
        server.go_on.send(()).unwrap();
    }
    let answered = ASKERS - REFUSED - 1;
    for _ in 0..answered {
        assert_eq!(server.next_question(), b'Q');
    }
    witness.raw(b"R");
    assert_eq!(server.next_question(), b'R');
    server.go_on.send(()).unwrap();
    assert_eq!(witness.bytes(1), b"r");
}

#[test]
fn many_questions_do_not_delay_the_clock() {
    let server = Server::start();
    let mut askers: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for asker in &mut askers {
        asker.raw(b"Q");
    }
    assert_eq!(server.next_question(), b'Q');
    let mut alice = server.connect();
    alice.raw(b"#");
    assert_eq!(alice.bytes(1), b"?");
}

#[test]
fn a_panic_in_a_worker_ends_the_connection_that_asked_and_no_other() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.connect(), server.connect());
    alice.raw(b"P");
    assert_eq!(server.next_question(), b'P');
    server.go_on.send(()).unwrap();
    alice.expect_end();
    server.go_on.send(()).unwrap();
    bob.raw(b"Q");
    assert_eq!(bob.bytes(1), b"q");
}

#[test]
fn an_answer_after_its_asker_has_gone_is_dropped() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.connect(), server.connect());
    alice.raw(b"Q");
    assert_eq!(server.next_question(), b'Q');
    alice.reset();
    server.go_on.send(()).unwrap();
    server.go_on.send(()).unwrap();
    bob.raw(b"Rx");
    assert_eq!(bob.bytes(2), b"rx");
}

/// During the stop, the server waits a second for a silent client. In this second, a deadline of the room passes.
#[test]
fn a_deadline_that_passes_during_the_stop_does_not_delay_it() {
    let server = Server::start();
    let mut alice = server.connect();
    alice.raw(b"@x");
    assert_eq!(alice.bytes(1), b"x");
    let (stopped, has_stopped) = channel();
    std::thread::spawn(move || {
        server.service.join();
        server.engine.stop();
        let _ = stopped.send(());
    });
    assert_eq!(has_stopped.recv_timeout(PATIENCE), Ok(()));
}

#[test]
fn the_stop_does_not_wait_for_answers() {
    let server = Server::start();
    let mut waiting: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.raw(b"Q");
    }
    assert_eq!(server.next_question(), b'Q');
    let begun = Instant::now();
    let stopping = std::thread::spawn(move || {
        server.service.join();
        server.engine.stop();
        drop(server.go_on);
    });
    for client in &mut waiting {
        client.expect_end();
    }
    drop(waiting);
    stopping.join().unwrap();
    // After a second the server stops waiting for the blocked worker. If the server waited longer, this test would never
    // end, because the worker continues only after the stop.
    assert!(begun.elapsed() < PATIENCE);
}
