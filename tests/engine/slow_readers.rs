//! Tests of slow readers. A client that reads slowly does not delay other clients. If it reads far too slowly, the server
//! disconnects it.

use std::time::Duration;

use matou_server::net::ConnectionLimits;

use super::support::{Client, Server};

/// Sends private messages from `hare` to `sloth`, which does not read. The kernel's buffers cannot hold all these messages,
/// so the remaining messages wait at the server.
fn flood(hare: &mut Client, messages: usize) {
    let text = "x".repeat(1024);
    for _ in 0..messages {
        hare.whisper("hare", "sloth", &text);
    }
    // This message is a fence: when hare receives it back, the server has handled all the private messages.
    hare.say("hare", "done");
    assert_eq!(hare.next(), "MESSAGE login=\"hare\" msg=\"done\"");
}

#[test]
fn bytes_that_wait_for_a_slow_client_arrive_whole_and_in_order() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: 64 << 20,
        ..ConnectionLimits::default()
    });
    let (mut hare, mut sloth) = (server.login("hare"), server.login("sloth"));
    let messages = 12_000;
    let padding = "x".repeat(900);
    for number in 0..messages {
        hare.whisper("hare", "sloth", &format!("{number} {padding}"));
    }
    hare.say("hare", "done");
    assert_eq!(hare.next(), "MESSAGE login=\"hare\" msg=\"done\"");
    for number in 0..messages {
        let frame = sloth.next();
        assert!(frame.contains(&format!("msg=\"{number} x")), "{number}");
    }
    assert_eq!(sloth.next(), "MESSAGE login=\"hare\" msg=\"done\"");
}

#[test]
fn a_socket_that_is_full_in_the_middle_of_a_run_does_not_change_the_order() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: 64 << 20,
        ..ConnectionLimits::default()
    });
    let (mut hare, mut sloth) = (server.login("hare"), server.login("sloth"));
    let mut writer = Client::with_stream(&hare);
    let messages = 9_000;
    let padding = "x".repeat(900);
    let text = |number: usize| format!("{number} {padding}");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..messages {
                match number % 5 {
                    4 => writer.whisper("hare", "sloth", &text(number)),
                    _ => writer.say("hare", &text(number)),
                }
            }
        });
        // Hare reads all the time. So it receives every message for all clients before sloth begins to read.
        for number in (0..messages).filter(|number| number % 5 != 4) {
            assert!(
                hare.next().contains(&format!("msg=\"{number} x")),
                "{number}"
            );
        }
    });
    for number in 0..messages {
        let frame = sloth.next();
        assert!(frame.contains(&format!("msg=\"{number} x")), "{number}");
        assert_eq!(frame.starts_with("MESSAGE_PRIVATE"), number % 5 == 4);
    }
}

#[test]
fn a_client_whose_outbox_overflows_is_cut_and_its_name_is_free() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: 64 << 10,
        ..ConnectionLimits::default()
    });
    let (mut hare, mut sloth) = (server.login("hare"), server.login("sloth"));
    flood(&mut hare, 20_000);
    sloth.expect_any_end();
    server.login_at_last("sloth");
}

#[test]
fn a_client_that_reads_nothing_for_too_long_is_cut() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: 64 << 20,
        stall: Duration::from_millis(300),
        ..ConnectionLimits::default()
    });
    let (mut hare, sloth) = (server.login("hare"), server.login("sloth"));
    flood(&mut hare, 12_000);
    // The server disconnects sloth, so its name becomes free, although sloth reads no byte and does not close its side.
    server.login_at_last("sloth");
    drop(sloth);
}

#[test]
fn many_stalled_clients_do_not_delay_others() {
    let server = Server::limited(ConnectionLimits {
        outbox_bytes: 256 << 20,
        ..ConnectionLimits::default()
    });
    // This test has more stalled clients than the server has writer threads.
    let sloths: Vec<_> = (0..12)
        .map(|at| server.login(&format!("sloth{at}")))
        .collect();
    let mut hare = server.login("hare");
    let text = "x".repeat(1024);
    for _ in 0..6_000 {
        hare.say("hare", &text);
        assert!(hare.next().starts_with("MESSAGE"));
    }
    drop(sloths);
}
