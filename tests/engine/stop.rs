//! Tests of the stop of the server. While the server stops, it still sends the queued bytes, and then closes the connections
//! in an orderly way, with FIN. The stop takes a limited time. The server does not tell clients that other clients leave.

use std::time::Instant;

use super::support::{Client, PATIENCE, Server};

#[test]
fn queued_bytes_are_written_and_no_client_is_told_that_the_others_leave() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    for number in 0..500 {
        alice.say("alice", &number.to_string());
    }
    // After this loop, the server has handled the last message, because alice has received it.
    for number in 0..500 {
        assert_eq!(
            alice.next(),
            format!("MESSAGE login=\"alice\" msg=\"{number}\"")
        );
    }
    let stopping = std::thread::spawn(move || {
        server.service.join();
        server.engine.stop();
    });
    for number in 0..500 {
        assert_eq!(
            bob.next(),
            format!("MESSAGE login=\"alice\" msg=\"{number}\"")
        );
    }
    bob.expect_end();
    alice.expect_end();
    drop((alice, bob));
    stopping.join().unwrap();
}

#[test]
fn a_client_that_stays_silent_and_open_does_not_delay_the_stop_for_long() {
    let server = Server::start();
    let alice = server.login("alice");
    let begun = Instant::now();
    server.service.join();
    server.engine.stop();
    // The server gives the client one second, and the whole stop takes at most five seconds. If the server waited until the
    // client closes, it would wait forever.
    assert!(begun.elapsed() < PATIENCE);
    drop(alice);
}

#[test]
fn the_stop_relays_the_last_bytes_of_a_tunnel() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let (mut one, mut other) = server.tunnel(&mut alice, &mut bob);
    one.raw(b"the last bytes");
    assert_eq!(other.bytes(4), b"the ");
    let stopping = std::thread::spawn(move || {
        server.service.join();
        server.engine.stop();
    });
    assert_eq!(other.rest(), b"last bytes");
    one.expect_any_end();
    drop((alice, bob, one, other));
    stopping.join().unwrap();
}

#[test]
fn a_stopped_server_takes_no_connections_and_its_address_is_free() {
    let is_free_again = || {
        let server = Server::start();
        let address = server.address();
        drop(server.service);
        server.engine.stop();
        std::net::TcpListener::bind(address).is_ok()
    };
    // Another program may take the port before the test does. But this hardly happens three times in a row.
    assert!((0..3).any(|_| is_free_again()));
}

#[test]
fn the_stop_under_load_ends_every_connection() {
    let server = Server::start();
    let clients: Vec<_> = (0..8).map(|at| server.login(&format!("c{at}"))).collect();
    let (ready, loaded) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for (at, mut client) in clients.into_iter().enumerate() {
            let ready = ready.clone();
            let mut writer = Client::with_stream(&client);
            scope.spawn(move || {
                let mut frame = Vec::new();
                let name = format!("c{at}");
                let message = matou_protocols::chaton::ClientFrame::Message {
                    login: &name,
                    msg: "on and on",
                };
                message.encode(Default::default(), &mut frame);
                use std::io::Write;
                while writer.stream.write_all(&frame).is_ok() {}
            });
            scope.spawn(move || {
                client.next();
                ready.send(()).unwrap();
                client.expect_any_end();
            });
        }
        for _ in 0..8 {
            loaded.recv().unwrap();
        }
        server.service.join();
        server.engine.stop();
    });
}
