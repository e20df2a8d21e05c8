//! Tests of the command `conformance run`: its output and its exit codes.

mod files;
#[cfg(unix)]
#[path = "../../../tests/common/heeding.rs"]
mod heeding;
#[cfg(unix)]
mod interrupted;
mod printing;
mod server;

use std::net::SocketAddr;

use assert_cmd::Command;
use rstest::rstest;
use socket2::{Domain, Socket, Type};

fn conformance() -> Command {
    Command::cargo_bin("conformance").expect("the command is built with its tests")
}

/// Returns an address on which nothing listens. Its socket is bound but does not listen, so no other program gets the port.
fn not_listening() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be created");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&any.into()).expect("loopback has a free port");
    let address = socket.local_addr().expect("a bound socket has an address");
    let address = address.as_socket().expect("the socket has an IP address");
    (socket, address.to_string())
}

fn assert_refused(arguments: &[&str], because: &str) {
    let assert = conformance().arg("run").args(arguments).assert().code(2);
    let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(error.contains(because), "{error}");
}

#[test]
fn where_nothing_listens_the_exit_code_is_3_and_the_json_report_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file = folder.path().join("report.json");
    let report = format!("json={}", file.display());
    let (_bound, address) = not_listening();
    let assert = conformance()
        .args(["run", "chaton", &address, "--report", &report])
        .assert()
        .code(3);
    let out = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(out.contains("nothing listens on"), "{out}");
    let text = std::fs::read_to_string(&file).expect("the report was written");
    let json: serde_json::Value = serde_json::from_str(&text).expect("the report is JSON");
    assert_eq!(json["exit_code"], 3);
    assert!(json["unjudgeable"].is_string());
}

#[test]
fn wrong_usage_is_explained_with_exit_code_2() {
    let (_bound, address) = not_listening();
    assert_refused(&["chaton", "nonsense"], "write HOST:PORT");
    assert_refused(&["chatom", &address], "chaton");
    assert_refused(&["chaton", &address, "--scale", "0"], "above 0");
    assert_refused(&["chaton", &address, "--jobs", "0"], "at least 1");
    assert_refused(&["chaton", &address, "--set", "x"], "NAME=VALUE");
    assert_refused(&["chaton", &address, "--report", "x"], "FORMAT=FILE");
}

#[rstest]
#[case::unknown_case(&["--only", "whispr"], "there is no scenario whispr: did you mean whisper?\n")]
#[case::strange_case(&["--skip", "quite-another-word"], "`conformance list chaton` lists the cases\n")]
#[case::no_case(&["--only", "whisper,"], "separated by single commas")]
#[case::nothing_left(&["--only", "whisper", "--skip", "whisper"], "no scenario is left to play")]
#[case::unknown_setting(&["--set", "nothing=1"], "there is no setting nothing")]
fn a_selection_that_does_not_fit_the_suite_is_refused(
    #[case] arguments: &[&str],
    #[case] because: &str,
) {
    let (_bound, address) = not_listening();
    assert_refused(&[&["chaton", &address], arguments].concat(), because);
}

#[test]
fn options_that_name_cases_take_no_other_arguments() {
    let (_bound, address) = not_listening();
    for option in ["--only", "--skip"] {
        let assert = conformance()
            .args(["run", option, "whisper, login-taken", option, "broadcast"])
            .args(["chaton", &address])
            .assert()
            .code(3);
        let out = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(out.contains("nothing listens on"), "{out}");
    }
}
