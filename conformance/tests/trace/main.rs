//! Tests of `conformance show --trace`: the text and the picture of a recorded conversation, a conversation with a server
//! that has a fault, and wrong usage.
//!
//! `TRACES_RECORD=1 cargo test -p conformance --test trace` writes the texts in `tests/data/traces` and the pictures in
//! `src/textbook/pictures` again. The recordings themselves are `protocols/*/traces.txt`; `tests/conformance` writes them.

#[allow(dead_code)]
#[path = "../judgement/protocol.rs"]
mod protocol;
#[path = "../run_command/server.rs"]
mod server;
#[allow(dead_code)]
#[path = "../judgement/target.rs"]
mod target;

mod picture;
mod played;
mod recorded;
mod usage;
mod xml;

use std::process::{Command, Output};

/// Runs the program.
fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the output is UTF-8")
}

/// Checks that the content of the file is exactly this text. If `TRACES_RECORD` is set, writes the text to the file instead.
fn assert_kept(path: &std::path::Path, text: &str) {
    if std::env::var_os("TRACES_RECORD").is_some() {
        std::fs::write(path, text).expect("the file can be written");
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what the program writes now; TRACES_RECORD=1 cargo test -p conformance --test trace writes it again:\n{text}",
        path.display()
    );
}
