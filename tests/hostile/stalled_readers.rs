//! Tests of clients that stop reading or read almost nothing, while other clients read. Other tests in this file connect
//! more clients than the limit allows.

use std::collections::HashSet;
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use matou_protocols::chaton::ClientFrame;
use matou_server::net::{ConnectionLimits, ProcessLimits};
use socket2::{Domain, Socket, Type};

use support::{Client, Server};

#[allow(dead_code, reason = "the tests of the engine use more of it")]
#[path = "../engine/support.rs"]
pub(crate) mod support;

/// Number of clients that do not read. It is much larger than the server's number of writer threads. If a writer waited for
/// such a client, all writers would soon be blocked, and the test would fail.
const SLOTHS: usize = 300;

/// A time limit that no test reaches.
const NEVER: Duration = Duration::from_secs(600);

fn server(stall: Duration, stall_bytes: usize) -> Server {
    Server::limited(ConnectionLimits {
        outbox_bytes: 64 << 20,
        stall,
        stall_bytes,
        ..ConnectionLimits::default()
    })
}

/// Connects a client with a small receive buffer, so that the server's socket for this client is full soon.
fn narrow(server: &Server, name: &str) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    #[cfg(unix)]
    socket.set_tcp_mss(536).unwrap();
    socket.connect(&server.address().into()).unwrap();
    let mut client = Client::over(socket.into());
    client.send(ClientFrame::Login { login: name });
    assert_eq!(client.next(), "LOGIN_ACCEPTED");
    client
}

/// Connects clients that read nothing, and sends them messages until bytes for each of them wait at the server.
fn sloths(server: &Server, speaker: &mut Client) -> Vec<Client> {
    let sloths: Vec<_> = (0..SLOTHS)
        .map(|at| narrow(server, &format!("sloth{at}")))
        .collect();
    // Each client gets more bytes than a narrow socket accepts.
    let text = "x".repeat(1024);
    for _ in 0..512 {
        speaker.say("hare", &text);
        assert!(speaker.next().starts_with("MESSAGE"));
    }
    sloths
}

/// Sends far more bytes to the fox than its socket accepts, so that the remaining bytes wait at the server. Returns how long
/// the fox takes to read them all.
fn catch_up(hare: &mut Client, fox: &mut Client) -> Duration {
    let text = "y".repeat(1024);
    for _ in 0..8_000 {
        hare.whisper("hare", "fox", &text);
    }
    hare.whisper("hare", "fox", "last");
    hare.say("hare", "done");
    assert!(hare.next().ends_with("msg=\"done\""));
    let begun = Instant::now();
    while !fox.next().ends_with("msg=\"last\"") {}
    begun.elapsed()
}

/// Returns whether a client with this name is connected.
fn is_connected(server: &Server, name: &str) -> bool {
    let mut other = server.connect();
    other.send(ClientFrame::Login { login: name });
    other.next() == "LOGIN_REFUSED"
}

/// A measurement may exceed its time limit in some attempts, but the test fails if it does so in all [`ATTEMPTS`] attempts.
/// A machine that pauses for a while can spoil one attempt, but a faulty server spoils all attempts.
const ATTEMPTS: usize = 4;

/// Repeats a measurement until it stays within its time limit. Fails if all [`ATTEMPTS`] attempts exceed the limit.
fn expect_in_one_attempt(mut measure: impl FnMut() -> Result<(), String>) {
    let broken: Vec<_> = (0..ATTEMPTS).map_while(|_| measure().err()).collect();
    assert!(broken.len() < ATTEMPTS, "in every attempt: {broken:#?}");
}

#[test]
fn hundreds_of_stalled_readers_do_not_delay_a_client_that_reads_again() {
    let server = server(NEVER, 1);
    let (mut hare, mut fox) = (server.login("hare"), server.login("fox"));
    let alone = catch_up(&mut hare, &mut fox);
    let sloths = sloths(&server, &mut hare);
    expect_in_one_attempt(|| {
        let beside = catch_up(&mut hare, &mut fox);
        let bound = 10 * alone + Duration::from_secs(2);
        (beside < bound)
            .then_some(())
            .ok_or_else(|| format!("{beside:?} beside {SLOTHS} stalled readers, {alone:?} without"))
    });
    for at in [0, SLOTHS / 2, SLOTHS - 1] {
        assert!(is_connected(&server, &format!("sloth{at}")));
    }
    drop(sloths);
}

#[test]
fn hundreds_of_stalled_readers_are_cut_as_soon_as_one() {
    let stall = Duration::from_millis(1500);
    expect_in_one_attempt(|| {
        let server = server(stall, 1);
        let mut hare = server.login("hare");
        let begun = Instant::now();
        let sloths = sloths(&server, &mut hare);
        let stalled = Instant::now();
        for at in [0, SLOTHS / 2, SLOTHS - 1] {
            while is_connected(&server, &format!("sloth{at}")) {}
        }
        assert!(begun.elapsed() >= stall, "cut after {:?}", begun.elapsed());
        let late = stalled.elapsed();
        drop(sloths);
        (late < 4 * stall)
            .then_some(())
            .ok_or_else(|| format!("cut {late:?} after the last could read"))
    });
}

#[test]
fn a_reader_that_takes_a_few_bytes_now_and_then_is_cut() {
    // The server demands that a slow client reads 16 MiB per second. This client reads less than that in the whole test,
    // even on a fast machine.
    let server = server(Duration::from_secs(1), 16 << 20);
    let mut hare = server.login("hare");
    let mut sloth = narrow(&server, "sloth");
    for _ in 0..4_000 {
        hare.whisper("hare", "sloth", &"z".repeat(1024));
    }
    hare.whisper("hare", "sloth", "last");
    let (mut taken, mut drip) = (0, [0; 64]);
    let deadline = Instant::now() + support::PATIENCE;
    while is_connected(&server, "sloth") {
        assert!(
            Instant::now() < deadline,
            "the client is still connected after {taken} bytes"
        );
        // The server still has most of the four megabytes for this client, so this read does not block. The read fails only
        // if the server has just disconnected the client.
        taken += sloth.stream.read(&mut drip).unwrap_or(0);
    }
    assert!(taken > 0);
}

#[test]
fn clients_above_the_limit_are_refused_in_order_and_the_others_are_served() {
    const CEILING: usize = 16;
    let process = ProcessLimits {
        connections: Some(CEILING),
        ..ProcessLimits::default()
    };
    let server = Server::with(ConnectionLimits::default(), process);
    for round in 0..3 {
        let name = |at| format!("c{round}.{at}");
        let mut inside = flood(&server, CEILING, 3 * CEILING, name);
        let speaker = inside[0].0.clone();
        inside[0].1.say(&speaker, "all of us");
        for (name, client) in &mut inside {
            let heard = client.next();
            assert!(heard.ends_with("msg=\"all of us\""), "{name}: {heard}");
        }
    }
}

/// Connects this number of clients at the same time, again and again, until the server is full. Returns the clients that the
/// server has accepted. Checks that the server has closed all other connections with FIN.
fn flood(
    server: &Server,
    ceiling: usize,
    clients: usize,
    name: impl Fn(usize) -> String + Sync,
) -> Vec<(String, Client)> {
    let mut inside = Vec::new();
    let mut at = 0;
    // When the clients of an earlier flood have left, the server needs a moment to notice this and to accept new clients.
    let deadline = Instant::now() + support::PATIENCE;
    while inside.len() < ceiling {
        assert!(Instant::now() < deadline, "{} of {ceiling}", inside.len());
        let numbers = at..at + clients;
        at += clients;
        inside.extend(thread::scope(|scope| {
            let attempts: Vec<_> = numbers
                .map(|number| {
                    scope.spawn({
                        let name = &name;
                        move || attempt(server, name(number))
                    })
                })
                .collect();
            let served = attempts.into_iter().map(|attempt| attempt.join().unwrap());
            served.flatten().collect::<Vec<_>>()
        }));
    }
    assert_eq!(inside.len(), ceiling);
    let names: HashSet<_> = inside.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), ceiling);
    inside
}

/// Logs in. Returns `None` when the server is full. A reset fails the test.
fn attempt(server: &Server, name: String) -> Option<(String, Client)> {
    let mut client = server.connect();
    client.send(ClientFrame::Login { login: &name });
    let mut first = [0];
    match client.stream.peek(&mut first).expect("an answer or FIN") {
        0 => None,
        _ => {
            assert_eq!(client.next(), "LOGIN_ACCEPTED");
            Some((name, client))
        }
    }
}

#[test]
fn when_too_much_waits_over_all_clients_the_one_for_which_most_waits_is_cut() {
    let process = ProcessLimits {
        outbox_total: 2 << 20,
        ..ProcessLimits::default()
    };
    let limits = ConnectionLimits {
        outbox_bytes: 64 << 20,
        stall: NEVER,
        ..ConnectionLimits::default()
    };
    let server = Server::with(limits, process);
    let mut hare = server.login("hare");
    let (mut small, mut large) = (narrow(&server, "small"), narrow(&server, "large"));
    let text = "x".repeat(1024);
    // The bytes for `small` use less than half of the total limit. The bytes for `large` are more than the rest of the
    // limit.
    for (target, messages) in [("small", 900), ("large", 6000)] {
        for _ in 0..messages {
            hare.whisper("hare", target, &text);
        }
    }
    hare.say("hare", "done");
    assert_eq!(hare.next(), "MESSAGE login=\"hare\" msg=\"done\"");
    large.expect_any_end();
    for _ in 0..900 {
        assert!(small.next().starts_with("MESSAGE_PRIVATE"));
    }
    assert_eq!(small.next(), "MESSAGE login=\"hare\" msg=\"done\"");
}
