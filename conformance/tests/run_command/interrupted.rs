//! Tests of runs that are interrupted by a signal.

use std::io::{BufRead, BufReader};
#[cfg(target_os = "linux")]
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
#[cfg(target_os = "linux")]
use socket2::{Domain, Socket, Type};

use crate::heeding::heeding_all_signals;
use crate::server;

/// Starts a run whose time limits are minutes long.
fn begin(arguments: &[&str]) -> Child {
    heeding_all_signals(env!("CARGO_BIN_EXE_conformance"))
        .args(["run", "chaton", "--jobs", "1", "--scale", "100"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn send(signal: Signal, runner: &Child) {
    let runner = Pid::from_child(runner);
    kill_process(runner, signal).expect("the runner was not waited for, so it has its id");
}

#[rstest]
#[case(Signal::INT, 130)]
#[case(Signal::TERM, 143)]
#[case(Signal::HUP, 129)]
fn an_interrupted_run_reports_the_results_so_far(#[case] signal: Signal, #[case] code: i32) {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file = folder.path().join("run.json");
    let report = format!("json={}", file.display());
    let address = server::start();
    let mut runner = begin(&[
        &address,
        "--only",
        "login-accepted,login-taken",
        "--report",
        &report,
    ]);
    let output = runner.stdout.take().expect("it is a pipe");
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    // The runner prints the verdict on this case, although another case still waits for the server.
    let verdict = lines.find(|line| line.contains("login-accepted"));
    assert_eq!(
        verdict.as_deref(),
        Some("  pass         login-accepted: a free login is accepted")
    );
    send(signal, &runner);
    let rest: Vec<String> = lines.collect();
    let ended = runner.wait().expect("it ends");
    assert_eq!(ended.code(), Some(code), "{rest:?}");
    let sentence = "The run was interrupted: 1 of 2 cases were judged; none of them failed.";
    assert_eq!(rest.last().map(String::as_str), Some(sentence), "{rest:?}");
    let text = std::fs::read_to_string(&file).expect("the report was written");
    let json: Value = serde_json::from_str(&text).expect("the report is JSON");
    assert_eq!(json["exit_code"], code);
    assert_eq!(json["cases"][0]["verdict"], "pass");
    assert_eq!(json["cases"][1]["verdict"], "inconclusive");
    assert_eq!(
        json["cases"][1]["cause"]["text"],
        "because the run was interrupted"
    );
}

/// A program that `nohup` starts ignores SIGHUP. A program that a shell starts in the background ignores SIGINT.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let address = server::start();
    let command = format!(
        "trap '' HUP INT; exec '{}' run chaton '{address}' --jobs 1 --scale 100 --only login-accepted,login-taken",
        env!("CARGO_BIN_EXE_conformance")
    );
    let mut runner = Command::new("sh")
        .args(["-c", &command])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the system has a shell");
    let output = runner.stdout.take().expect("it is a pipe");
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("login-accepted")));
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        send(signal, &runner);
    }
    assert_eq!(runner.wait().expect("it ends").code(), Some(143));
}

/// Waits until the runner handles SIGINT. Before that, a signal would end the runner at once, without a report.
#[cfg(target_os = "linux")]
fn wait_until_it_handles_signals(runner: &Child) {
    let process = format!("/proc/{}", runner.id());
    let program = std::fs::canonicalize(env!("CARGO_BIN_EXE_conformance")).expect("it was built");
    let handles = || -> Option<bool> {
        let status = std::fs::read_to_string(format!("{process}/status")).ok()?;
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))?;
        let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
        let runs = std::fs::read_link(format!("{process}/exe")).ok()?;
        Some(runs == program && caught & (1 << (Signal::INT.as_raw() - 1)) != 0)
    };
    while handles() != Some(true) {
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_signal_ends_the_run_at_once() {
    // The listener's backlog is full, so the system completes no further connection. The runner is therefore blocked in
    // `connect`, where it does not notice the first signal.
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be created");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    listener
        .bind(&any.into())
        .expect("loopback has a free port");
    listener.listen(0).expect("the socket is bound");
    let address = listener.local_addr().expect("it has an address");
    let address = address.as_socket().expect("it is an IP address");
    let _queued = TcpStream::connect(address).expect("the queue has room for one");
    let mut runner = begin(&[&address.to_string()]);
    wait_until_it_handles_signals(&runner);
    let ended = loop {
        if let Some(ended) = runner.try_wait().expect("it is our child") {
            break ended;
        }
        send(Signal::INT, &runner);
        std::thread::yield_now();
    };
    assert_eq!(ended.signal(), Some(Signal::INT.as_raw()));
}
