//! Tests of files in ChatHack. A client sends a whole file in one frame, without offering it first.

use std::fs;
use std::path::Path;

use super::{Talk, logged_in, meet, server};

/// Returns bytes that let a test notice if a piece of them was lost, duplicated or moved.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

fn file(folder: &Path, name: &str, length: usize) -> String {
    let path = folder.join(name);
    fs::write(&path, bytes(length)).unwrap();
    path.display().to_string()
}

/// Waits for a received file, and returns its path.
fn received(talk: &Talk, peer: &str) -> String {
    loop {
        let line = talk.next();
        if line.starts_with("-- received ") {
            let (_, path) = line.split_once(&format!("from {peer}: ")).unwrap();
            return path.to_owned();
        }
    }
}

#[test]
fn files_arrive_as_they_were_in_both_directions_and_replace_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = server();
    let here = |name: &str| folder.path().join(name).display().to_string();
    let (in_alice, in_bob) = (here("alice"), here("bob"));
    let mut alice = logged_in(&server, "alice", &["--downloads", &in_alice]);
    let mut bob = logged_in(&server, "bob", &["--downloads", &in_bob]);
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    // 1024 bytes are the largest size that the document allows for a file.
    let cat = file(folder.path(), "cat pictures.bin", 1024);
    for name in ["cat pictures.bin", "cat pictures (1).bin"] {
        alice.say(&format!("/send bob {cat}"));
        alice.expect("-- sending \"cat pictures.bin\", 1.0 kB, to bob");
        alice.expect("-- sent \"cat pictures.bin\", 1.0 kB, to bob");
        bob.expect("-- receiving \"cat pictures.bin\", 1.0 kB, from alice");
        let path = received(&bob, "alice");
        assert_eq!(Path::new(&path), Path::new(&in_bob).join(name));
        assert_eq!(fs::read(path).unwrap(), bytes(1024));
    }
    bob.say(&format!("/send alice {}", file(folder.path(), "empty", 0)));
    assert_eq!(fs::read(received(&alice, "bob")).unwrap(), b"");
    bob.say(&format!("/send alice {}", file(folder.path(), "one", 1)));
    assert_eq!(fs::read(received(&alice, "bob")).unwrap(), bytes(1));
}

#[test]
fn a_file_that_is_too_large_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = server();
    let mut alice = server.wide_terminal("alice", &[], (24, 200));
    alice.expect("logged in as alice");
    let mut bob = server.wide_terminal("bob", &[], (24, 200));
    bob.expect("logged in as bob");
    alice.say("/private bob");
    bob.expect("alice asks for a private connection");
    bob.say("/accept alice");
    alice.expect("private connection with bob is open");
    alice.say(&format!("/send bob {}", file(folder.path(), "cat", 1025)));
    alice.expect("cat has 1025 bytes, more than the limit of 1024");
    alice.say(&format!(
        "/send bob {}",
        folder.path().join("dog").display()
    ));
    alice.expect("/dog: ");
    alice.say(&format!("/send bob {}", folder.path().display()));
    alice.expect("not a regular file");
}

#[test]
fn a_receiver_with_a_smaller_limit_skips_the_file_and_continues() {
    let folder = tempfile::tempdir().unwrap();
    let downloads = folder.path().join("downloads");
    let server = server();
    let mut alice = logged_in(&server, "alice", &["--max-file", "1M"]);
    let mut bob = logged_in(
        &server,
        "bob",
        &["--downloads", downloads.to_str().unwrap()],
    );
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    alice.say(&format!(
        "/send bob {}",
        file(folder.path(), "cat", 500_000)
    ));
    alice.expect("-- sending cat, 500.0 kB, to bob");
    alice.expect("-- sent cat, 500.0 kB, to bob");
    bob.expect(
        "-- the file cat, 500.0 kB, from alice was not accepted: it is larger than 1.0 kB (--max-file)",
    );
    alice.say("/tell bob still here");
    bob.expect("[alice] still here");
    assert!(!downloads.exists());
}

#[test]
fn a_large_file_goes_both_ways_and_messages_follow_it() {
    const LENGTH: usize = 5_000_000;
    let folder = tempfile::tempdir().unwrap();
    let server = server();
    let start = |login: &str| {
        let downloads = folder.path().join(login).display().to_string();
        logged_in(
            &server,
            login,
            &["--max-file", "1G", "--downloads", &downloads],
        )
    };
    let (mut alice, mut bob) = (start("alice"), start("bob"));
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    let cat = file(folder.path(), "cat", LENGTH);
    alice.say(&format!("/send bob {cat}"));
    until_all(&alice, &["-- sending cat, 5.0 MB, to bob"]);
    bob.say(&format!("/send alice {cat}"));
    alice.say("/tell bob meanwhile");
    alice.say("/close bob");
    // The file and the messages that were queued after it arrive before the connection is closed.
    let from_bob = "-- received cat, 5.0 MB, from bob: ";
    let from_alice = "-- received cat, 5.0 MB, from alice: ";
    until_all(&alice, &[from_bob]);
    until_all(
        &bob,
        &[
            from_alice,
            "[alice] meanwhile",
            "-- alice has stopped sending on the private connection",
        ],
    );
    for login in ["alice", "bob"] {
        let arrived = fs::read(folder.path().join(login).join("cat")).unwrap();
        assert!(arrived == bytes(LENGTH), "{login} has something else");
    }
}

/// Waits until a line has arrived for each of these texts: a line that begins with the text. Other lines may arrive between
/// these lines.
fn until_all(talk: &Talk, beginnings: &[&str]) {
    let mut missing = beginnings.to_vec();
    while !missing.is_empty() {
        let line = talk.next();
        missing.retain(|beginning| !line.starts_with(beginning));
    }
}

#[test]
fn all_files_together_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let downloads = folder.path().join("downloads").display().to_string();
    let server = server();
    let mut alice = logged_in(&server, "alice", &[]);
    let mut bob = logged_in(
        &server,
        "bob",
        &["--max-received", "1500", "--downloads", &downloads],
    );
    meet((&mut alice, "alice"), (&mut bob, "bob"));
    let cat = file(folder.path(), "cat", 1000);
    alice.say(&format!("/send bob {cat}"));
    received(&bob, "alice");
    alice.say(&format!("/send bob {cat}"));
    bob.expect(
        "-- cat from alice was not received: 1000 bytes of files have already arrived; raise the limit with --max-received",
    );
}

#[test]
fn two_people_at_terminals_see_a_file_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let downloads = folder.path().join("downloads");
    let server = server();
    let options = ["--downloads", downloads.to_str().unwrap()];
    let mut alice = server.wide_terminal("alice", &[], (24, 120));
    alice.expect("logged in as alice");
    let mut bob = server.wide_terminal("bob", &options, (24, 120));
    bob.expect("logged in as bob");
    alice.say("hello");
    bob.expect("<alice> hello");
    alice.say("/private bob");
    bob.expect("alice asks for a private connection");
    bob.say("/accept alice");
    bob.expect("waiting for alice to connect to 127.0.0.1:");
    alice.expect("private connection with bob is open");
    bob.expect("private connection with alice is open");
    alice.say(&format!("/send bob {}", file(folder.path(), "cat", 1000)));
    alice.expect("sent cat, 1.0 kB, to bob");
    bob.expect("received cat, 1.0 kB, from alice");
    bob.say("/tell alice thanks");
    alice.expect("[bob] thanks");
    assert_eq!(fs::read(downloads.join("cat")).unwrap(), bytes(1000));
    alice.say("/close bob");
    alice.expect("private connection with bob is closed");
    bob.expect("private connection with alice is closed");
}
