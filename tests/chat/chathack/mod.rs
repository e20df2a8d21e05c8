//! Tests of the client for ChatHack. In this protocol, private connections do not pass through the server. In some tests,
//! two clients talk to each other and to a real server. In the other tests, a client talks to peers that violate the
//! protocol.

mod files;
mod listening;
mod login;
mod peer;
mod strange_listeners;
mod talking;

use super::program::{Server, Talk};

fn server() -> Server {
    Server::speaking("chathack")
}

fn logged_in(server: &Server, login: &str, options: &[&str]) -> Talk {
    let talk = server.chat(login, options).lines();
    talk.expect(&format!("-- logged in as {login}"));
    talk
}

fn two(server: &Server) -> (Talk, Talk) {
    let alice = logged_in(server, "alice", &[]);
    let bob = logged_in(server, "bob", &[]);
    (alice, bob)
}

/// Lets two clients agree on a private connection. The first client asks for it.
fn meet((alice, asker): (&mut Talk, &str), (bob, asked): (&mut Talk, &str)) {
    alice.say(&format!("/private {asked}"));
    bob.expect(&format!(
        "-- {asker} asks for a private connection (/accept {asker} or /deny {asker})"
    ));
    bob.say(&format!("/accept {asker}"));
    bob.expect(&format!("-- opening the private connection with {asker}"));
    alice.expect(&format!("-- opening the private connection with {asked}"));
    let waiting = bob.next();
    let place = waiting
        .strip_prefix(&format!("-- waiting for {asker} to connect to "))
        .unwrap_or_else(|| panic!("{waiting}"));
    alice.expect(&format!("-- {asked} is listening at {place}"));
    alice.expect(&opened(asked));
    bob.expect(&opened(asker));
}

fn opened(peer: &str) -> String {
    format!("-- private connection with {peer} is open (/tell {peer} TEXT, /close {peer})")
}
