//! Tests of how the runner starts a server with a command, and how it ends the server.

use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::net::TcpListener;

use crate::command::{conformance, foreign_server, judge};

#[test]
fn a_server_that_ends_at_once_cannot_be_judged_and_its_output_is_shown() {
    let run = judge("echo no port $((6 + 1)) for {port}; exit 7", &[]);
    assert_eq!(run.code, 3, "{}", run.out);
    let why = run.json["unjudgeable"]
        .as_str()
        .expect("the report has a reason");
    assert!(
        why.contains("ended before it was ready, with exit code 7"),
        "{why}"
    );
    assert!(why.contains("its output:\nno port 7 for "), "{why}");
}

#[test]
fn a_server_that_is_not_ready_in_time_cannot_be_judged() {
    // The command's "server" never prints the line that the arguments require, so it never counts as ready.
    let arguments = ["--spawn-timeout", "300ms", "--ready-line", "ready"];
    let run = judge("echo not yet; exec sleep 600 {port}", &arguments);
    assert_eq!(run.code, 3, "{}", run.out);
    let why = run.json["unjudgeable"]
        .as_str()
        .expect("the report has a reason");
    assert!(
        why.contains("printed no line with \"ready\" within 300ms"),
        "{why}"
    );
    assert!(why.contains("not yet"), "{why}");
}

#[test]
fn the_server_gets_its_directory_environment_scratch_folder_and_ready_line() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let folder = folder.path().canonicalize().expect("it exists");
    let command = "echo \"in $(pwd) with $GREETING and a scratch of $(ls -A {scratch} | wc -l) files for {port}\"; exit 1";
    let directory = folder.to_str().expect("a path in UTF-8");
    let run = judge(
        command,
        &[
            "--spawn-dir",
            directory,
            "--spawn-env",
            "GREETING=port {port}",
        ],
    );
    let why = run.json["unjudgeable"]
        .as_str()
        .expect("the report has a reason");
    assert!(why.contains(&format!("in {directory} with port ")), "{why}");
    assert!(why.contains("scratch of 0 files"), "{why}");
    let run = judge(
        &foreign_server(),
        &["--ready-line", "listening on", "--only", "whisper"],
    );
    assert_eq!(run.verdict("whisper"), "pass", "{}", run.out);
    // The server gets another free port at each start. So the report names its command, and not an address, as the target.
    assert_eq!(run.json["target"], foreign_server().as_str());
}

/// Returns a listener at this address, on a port below 32768, and the address as text. After the test has dropped the
/// listener, the server can use the port. Programs that ask the system for any free port get a port above 32767, so no such
/// program takes this port in the meantime.
pub(crate) fn fixed(ip: &str) -> (TcpListener, String) {
    let chance = || RandomState::new().hash_one(0) % 12_000;
    let ports = iter::repeat_with(|| 20_000 + chance());
    let mut addresses = ports.map(|port| format!("{ip}:{port}"));
    let found = addresses.find_map(|address| Some((TcpListener::bind(&address).ok()?, address)));
    found.expect("a port is free")
}

#[test]
fn a_fixed_port_is_used_and_must_be_free() {
    let (listener, address) = fixed("127.0.0.1");
    let run = judge(&foreign_server(), &[&address]);
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(
        run.out.contains("another process already listens on"),
        "{}",
        run.out
    );
    drop(listener);
    let port = address.rsplit(':').next().expect("it has a port");
    let command = foreign_server().replace("{port}", port);
    let only = ["--only", "whisper,unknown-opcodes,login-taken"];
    let arguments = [&[address.as_str(), "--isolate", "case"][..], &only].concat();
    let run = judge(&command, &arguments);
    assert_eq!(run.verdict("whisper"), "pass", "{}", run.out);
    assert_eq!(run.incidents("unknown-opcodes"), ["crash"], "{}", run.out);
    assert_eq!(run.json["target"], address.as_str());
}

#[test]
fn wrong_usage_is_explained() {
    let refused = |arguments: &[&str], because: &str| {
        let output = conformance()
            .args(arguments)
            .output()
            .expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(because), "{error}");
    };
    refused(&[], "<TARGET>");
    refused(
        &["--spawn", "java -jar Server.jar"],
        "write {port} in place",
    );
    refused(&["127.0.0.1:7777", "--isolate", "case"], "--spawn");
    refused(
        &["--spawn", "x {port}", "--spawn-timeout", "5"],
        "with its unit",
    );
    refused(&["--spawn", "x {port}", "--spawn-env", "x"], "NAME=VALUE");
}
