//! ChatHack, where private connections do not go through the server: two of our clients against each other over our own
//! server, and peers that do what they should not.

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

/// They agree on a private connection, for which the first asks.
fn meet((alice, asker): (&mut Talk, &str), (bob, asked): (&mut Talk, &str)) {
    alice.say(&format!("/private {asked}"));
    bob.expect(&format!(
        "-- {asker} asks for a private connection (/accept {asker} or /deny {asker})"
    ));
    bob.say(&format!("/accept {asker}"));
    let opened = "agree on a private connection; it is being opened";
    bob.expect(&format!("-- you and {asker} {opened}"));
    alice.expect(&format!("-- you and {asked} {opened}"));
    let waiting = bob.next();
    let place = waiting
        .strip_prefix("-- waiting at ")
        .and_then(|rest| rest.strip_suffix(&format!(" for {asker} to connect")))
        .unwrap_or_else(|| panic!("{waiting}"));
    alice.expect(&format!("-- {asked} waits for you at {place}"));
    alice.expect(&stands(asked));
    bob.expect(&stands(asker));
}

fn stands(peer: &str) -> String {
    format!("-- the private connection with {peer} stands (/tell {peer} TEXT, /close {peer})")
}
