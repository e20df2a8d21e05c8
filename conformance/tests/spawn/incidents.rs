//! Tests of incidents of the foreign server: it crashes, hangs, or leaks threads or descriptors.

use crate::command::{foreign_server, foreign_server_with, judge};

#[test]
fn a_crash_is_reported_with_its_case_and_traceback_and_the_run_continues() {
    let only = [
        "--only",
        "unknown-opcodes,unknown-opcode-before-login,whisper",
    ];
    for isolate in [&[][..], &["--isolate", "case"]] {
        let run = judge(&foreign_server(), &[&only, isolate].concat());
        for guilty in ["unknown-opcodes", "unknown-opcode-before-login"] {
            assert_eq!(run.verdict(guilty), "fail", "{}", run.out);
            assert_eq!(run.incidents(guilty), ["crash"], "{}", run.out);
            assert_eq!(run.case(guilty)["failure"]["kind"], "target-died");
            let written = run.case(guilty)["output"]
                .as_str()
                .expect("the server wrote something");
            assert!(written.contains(" is unknown"), "{written}");
        }
        assert_eq!(run.verdict("whisper"), "pass", "{}", run.out);
        assert!(run.incidents("whisper").is_empty(), "{}", run.out);
        let told = "the process ended, with exit code 3";
        assert!(run.out.contains(told), "{}", run.out);
        assert!(run.out.contains("    | ValueError: opcode "), "{}", run.out);
        assert_eq!(run.code, 1, "{}", run.out);
    }
}

#[test]
fn a_crash_while_several_cases_run_belongs_to_one_of_them() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file = folder.path().join("mine.kdl");
    // This scenario is the case `unknown-opcodes` without the word `hostile`. A case with that word runs after all others, so
    // this one runs together with others.
    let mine = r#"scenario "odd" {
        title "the server does not act on an unknown opcode"
        checks CHATON-0.6
        use login alice
        alice > raw (hex)"63"
        alice < silence { within "500ms" }
    }"#;
    std::fs::write(&file, mine).expect("the file can be written");
    let file = file.to_str().expect("a path in UTF-8");
    let arguments = [
        "--scenarios",
        file,
        "--jobs",
        "4",
        "--only",
        "odd,whisper,whisper-forged,whisper-to-unknown-name",
    ];
    let run = judge(&foreign_server(), &arguments);
    assert_eq!(run.incidents("odd"), ["crash"], "{}", run.out);
    for innocent in [
        "whisper",
        "whisper-forged",
        "whisper-to-unknown-name",
        "login-accepted",
    ] {
        assert_eq!(run.verdict(innocent), "pass", "{}", run.out);
    }
}

#[test]
fn a_hang_is_reported_with_its_case_and_the_run_continues() {
    let hangs = "negative-length-of-a-whisper";
    let only = ["--only", hangs, "--only", "not-utf8-in-a-whisper"];
    let run = judge(&foreign_server(), &only);
    assert_eq!(run.incidents(hangs), ["hang"], "{}", run.out);
    assert_eq!(run.case(hangs)["failure"]["kind"], "target-hangs");
    let written = run.case(hangs)["output"]
        .as_str()
        .expect("the server wrote something");
    assert!(written.contains("waiting for -4 bytes"), "{written}");
    // This case runs after the case in which the server hangs.
    assert_eq!(run.verdict("not-utf8-in-a-whisper"), "pass", "{}", run.out);
}

#[cfg(target_os = "linux")]
#[test]
fn busy_threads_and_other_leaks_are_reported_with_their_case() {
    let only = ["--only", "connect-id-unknown,ko-without-request,whisper"];
    let run = judge(&foreign_server(), &only);
    let spins = run.incidents("connect-id-unknown");
    assert!(spins.contains(&"busy"), "{spins:?} {}", run.out);
    assert_eq!(
        run.incidents("ko-without-request"),
        ["threads"],
        "{}",
        run.out
    );
    assert!(run.incidents("whisper").is_empty(), "{}", run.out);
    assert_eq!(run.verdict("whisper"), "pass", "{}", run.out);
}

#[cfg(target_os = "linux")]
#[test]
fn threads_that_a_server_keeps_for_later_clients_are_no_leak() {
    let only = [
        "--only",
        "broadcast,whisper,login-taken,request-accepted,fifty-clients",
    ];
    for more in [&["--jobs", "1"][..], &["--isolate", "case"]] {
        let run = judge(&foreign_server_with("pool"), &[&only, more].concat());
        for case in ["broadcast", "whisper", "fifty-clients"] {
            assert!(run.incidents(case).is_empty(), "{case}: {}", run.out);
        }
    }
}

#[test]
fn a_server_that_can_run_only_once_serves_one_case_after_the_other() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let second = listener.local_addr().expect("it has an address").port();
    drop(listener);
    let target = foreign_server_with(&format!("two-ports {second}"));
    let only = ["--only", "broadcast,whisper,whisper-forged,login-accepted"];
    let run = judge(&target, &[&only[..], &["--jobs", "4"]].concat());
    for case in ["broadcast", "whisper", "whisper-forged", "login-accepted"] {
        assert_eq!(run.verdict(case), "pass", "{case}: {}", run.out);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn connections_that_stay_open_are_reported_with_their_case() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let formats = ["junit", "tap", "annotations"];
    let files = formats.map(|format| folder.path().join(format));
    let mut arguments = vec!["--only".to_owned(), "login-taken".to_owned()];
    for (format, file) in formats.iter().zip(&files) {
        arguments.extend([
            "--report".to_owned(),
            format!("{format}={}", file.display()),
        ]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = judge(&foreign_server(), &arguments);
    let case = "login-taken";
    assert_eq!(run.incidents(case), ["descriptors"], "{}", run.out);
    assert_eq!(run.verdict(case), "non-strict", "{}", run.out);
    assert!(
        run.out.contains("the process still has 1 connection open"),
        "{}",
        run.out
    );
    // The case passes, but every report mentions the incident.
    for file in &files {
        let told = std::fs::read_to_string(file).expect("the file was written");
        let words = "the process still has 1 connection open";
        assert!(told.contains(words), "{}: {told}", file.display());
    }
}
