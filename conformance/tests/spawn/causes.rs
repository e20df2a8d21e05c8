//! Tests that the report of a server with many mistakes begins with its true causes.

use std::path::Path;

use crate::command::{Run, foreign_server, judge};

fn naive_server() -> String {
    // The check that Python exists is the same for both servers.
    foreign_server();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spawn/targets/naive.py");
    format!("exec python3 '{}' {{port}}", script.display())
}

fn causes(run: &Run) -> Vec<(&str, &str)> {
    let causes = run.json["causes"]
        .as_array()
        .expect("the report has causes");
    causes
        .iter()
        .map(|cause| {
            let does = cause["does"].as_str().expect("it is a sentence");
            (does, cause["evidence"].as_str().expect("it is a word"))
        })
        .collect()
}

/// Cases that the naive server fails, and enough others to show what works.
const CASES: &str = "answers-in-order,broadcast,broadcast-byte-for-byte,broadcast-forged,broadcast-in-an-invented-name,\
                     commands-right-before-the-end,early-message,empty-message,forty-commands-in-one-segment,\
                     login-accepted,login-again-after-refusal,login-and-message-in-one-segment,login-free-after-close,\
                     login-free-after-reset,login-of-30-bytes,login-taken,order-between-two,request,request-accepted,\
                     request-refused,whisper,whisper-forged,whisper-of-1024-bytes-in-two-byte-characters,\
                     whisper-to-unknown-name";

#[test]
fn a_naive_server_is_told_its_mistakes() {
    let run = judge(&naive_server(), &["--only", CASES, "--scale", "0.5"]);
    assert_eq!(run.code, 1, "{}", run.out);
    let mut causes = causes(&run);
    causes.sort_unstable();
    let true_causes = [
        (
            "does not implement REQUEST_PRIVATE: it ignores the packet",
            "pattern",
        ),
        (
            "handles only one command per read and discards the bytes after it",
            "pattern",
        ),
        (
            "relays a message that names another client as its sender",
            "pattern",
        ),
        (
            "relays a private message that names another client as its sender",
            "pattern",
        ),
        (
            "relays messages from clients that are not identified",
            "pattern",
        ),
        (
            "writes the length of a text in characters instead of bytes",
            "bytes",
        ),
    ];
    assert_eq!(causes, true_causes, "{}", run.out);
    let headline = "6 things to repair explain all ";
    let mut lines = run
        .out
        .lines()
        .skip_while(|line| !line.starts_with(headline));
    let first = lines.nth(1);
    assert!(
        first.is_some_and(|line| line.starts_with("  1. The server ")),
        "{}",
        run.out
    );
}
