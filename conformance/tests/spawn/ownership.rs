//! Tests that, with `--spawn`, the runner judges only a server that it started itself.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;

use crate::command::{conformance, eventually, foreign_server, judge, small_server};
use crate::starting::fixed;

#[test]
fn a_stranger_that_takes_the_port_is_not_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = |name: &str| folder.path().join(name);
    let report = path("run.json");
    let command = format!(
        "{} {{port}} '{}'",
        small_server("late_bind.py"),
        folder.path().display()
    );
    let mut runner = conformance()
        .args(["--spawn", &command, "--spawn-timeout", "600s", "--report"])
        .arg(format!("json={}", report.display()))
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut strangers = Vec::new();
    // The runner starts the command three times, each time with another port.
    for number in 1..=3 {
        let file = path(&format!("port-{number}"));
        eventually("the server begins", || file.exists());
        let port = fs::read_to_string(file).expect("the file was written");
        let stranger = TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free");
        stranger
            .set_nonblocking(true)
            .expect("a listener can be non-blocking");
        strangers.push(stranger);
        fs::write(path(&format!("go-{number}")), "").expect("the file can be written");
    }
    let status = runner.wait().expect("it was started");
    assert_eq!(status.code(), Some(3));
    for stranger in &strangers {
        let client = stranger.accept().map(|(_, client)| client);
        let none = client.expect_err("the runner connected to a server that it did not start");
        assert_eq!(none.kind(), ErrorKind::WouldBlock);
    }
    let text = fs::read_to_string(report).expect("the report was written");
    let json: Value = serde_json::from_str(&text).expect("the report is JSON");
    let why = json["unjudgeable"]
        .as_str()
        .expect("the report has a reason");
    let owner = format!("process {} (`", std::process::id());
    assert!(why.contains(&owner), "{why}");
    assert!(why.contains("Address already in use"), "{why}");
    assert!(why.contains("cannot prove"), "{why}");
}

#[test]
fn a_stranger_with_the_same_port_at_another_address_does_not_count() {
    let (stranger, address) = fixed("127.0.0.2");
    let port = stranger.local_addr().expect("it has an address").port();
    let command = foreign_server().replace("{port}", &port.to_string());
    let address = address.replace("127.0.0.2", "127.0.0.1");
    let run = judge(&command, &[&address, "--only", "whisper"]);
    assert_eq!(run.verdict("whisper"), "pass", "{}", run.out);
}
