//! The programs of the course.

use std::process::{Command, Stdio};

use crate::server::Server;

/// The programs in the order of the course. The last program is not a step: the course compares the steps with it.
pub(crate) const STEPS: [(&str, &str); 8] = [
    ("one-client", env!("CARGO_BIN_EXE_one-client")),
    ("one-lock", env!("CARGO_BIN_EXE_one-lock")),
    ("two-threads", env!("CARGO_BIN_EXE_two-threads")),
    ("one-write", env!("CARGO_BIN_EXE_one-write")),
    ("direct-send", env!("CARGO_BIN_EXE_direct-send")),
    ("one-run", env!("CARGO_BIN_EXE_one-run")),
    ("orderly-end", env!("CARGO_BIN_EXE_orderly-end")),
    ("one-thread", env!("CARGO_BIN_EXE_one-thread")),
];

/// Starts the program of a step on a free port, and waits until the program listens.
pub(crate) fn start(name: &str) -> Server {
    let (_, program) = STEPS.iter().find(|step| step.0 == name).unwrap();
    Server::start(
        Command::new(program)
            .arg("127.0.0.1:0")
            .stderr(Stdio::null()),
    )
}
