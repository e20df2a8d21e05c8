//! Tests that all clients receive all messages in the same order, and that no message is lost.

use std::thread;

use super::support::{Client, Server};

const MESSAGES: usize = 300;

fn numbered(client: &mut Client, name: &str) {
    for number in 0..MESSAGES {
        client.say(name, &number.to_string());
    }
}

#[test]
fn all_clients_receive_all_broadcasts_in_the_same_order() {
    let server = Server::start();
    let names = ["ann", "ben", "cleo", "dan", "eve", "fay"];
    let clients: Vec<_> = names.iter().map(|name| server.login(name)).collect();
    let senders = 4;
    let seen: Vec<Vec<String>> = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .zip(names)
            .enumerate()
            .map(|(at, (mut client, name))| {
                scope.spawn(move || {
                    let mut writer = Client::with_stream(&client);
                    thread::scope(|both| {
                        if at < senders {
                            both.spawn(move || numbered(&mut writer, name));
                        }
                        (0..senders * MESSAGES).map(|_| client.next()).collect()
                    })
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for other in &seen[1..] {
        assert_eq!(*other, seen[0]);
    }
    for name in &names[..senders] {
        let own: Vec<_> = seen[0]
            .iter()
            .filter(|frame| frame.contains(&format!("login={name:?}")))
            .collect();
        let sent: Vec<_> = (0..MESSAGES)
            .map(|number| format!("MESSAGE login={name:?} msg=\"{number}\""))
            .collect();
        assert!(own.into_iter().eq(sent.iter()));
    }
}

#[test]
fn broadcasts_and_private_messages_of_one_client_arrive_in_their_order() {
    let server = Server::start();
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    let mut carol = server.login("carol");
    for number in 0..MESSAGES {
        let text = number.to_string();
        match number % 3 {
            0 => alice.say("alice", &text),
            1 => alice.whisper("alice", "bob", &text),
            _ => alice.whisper("alice", "unknown", &text),
        }
        carol.say("carol", "meanwhile");
    }
    let mut expected = (0..MESSAGES).filter(|number| number % 3 != 2);
    let mut next = expected.next();
    while let Some(number) = next {
        let frame = bob.next();
        if frame.contains("\"alice\"") {
            assert!(
                frame.ends_with(&format!("msg=\"{number}\"")),
                "{frame} instead of {number}"
            );
            next = expected.next();
        }
    }
}

#[test]
fn a_login_is_answered_before_any_message_of_others() {
    let server = Server::start();
    let mut talker = server.login("talker");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while stopped.try_recv().is_err() {
                talker.say("talker", "on and on");
                talker.next();
            }
        });
        for round in 0..50 {
            // The function `login` asserts that the first frame is the answer to the login, and not a message.
            let mut late = server.login(&format!("late{round}"));
            assert!(late.next().starts_with("MESSAGE login=\"talker\""));
        }
        stop.send(()).unwrap();
    });
}

/// Some clients leave with FIN and some with a reset, while all clients send messages to all.
#[test]
fn clients_that_leave_in_the_middle_of_a_round_do_not_cost_others_a_message() {
    let server = Server::start();
    let names = ["ann", "ben"];
    let mut speakers = names.map(|name| server.login(name));
    let mut stays = server.login("stays");
    let leavers: Vec<_> = (0..16)
        .map(|at| server.login(&format!("leaves{at}")))
        .collect();
    thread::scope(|scope| {
        for (at, mut leaver) in leavers.into_iter().enumerate() {
            scope.spawn(move || {
                for _ in 0..at * 30 {
                    leaver.next();
                }
                match at % 2 {
                    0 => drop(leaver),
                    _ => leaver.reset(),
                }
            });
        }
        for (speaker, name) in speakers.iter_mut().zip(names) {
            let mut writer = Client::with_stream(speaker);
            scope.spawn(move || numbered(&mut writer, name));
        }
        let order: Vec<_> = (0..2 * MESSAGES).map(|_| stays.next()).collect();
        for speaker in &mut speakers {
            for frame in &order {
                assert_eq!(speaker.next(), *frame);
            }
        }
        for name in names {
            let own = order
                .iter()
                .filter(|frame| frame.contains(&format!("login={name:?}")));
            assert_eq!(own.count(), MESSAGES);
        }
    });
}
