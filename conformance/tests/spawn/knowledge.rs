//! Tests of files with facts about a server. A team keeps such a file from one run to the next.

use std::fs;

use crate::command::{foreign_server, judge};

#[test]
fn a_team_runs_the_failed_cases_again_and_lists_known_deviations() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("the file can be written");
        path(name)
    };
    let server = foreign_server();
    let only = [
        "--only",
        "whisper,unknown-opcode-before-login,tunnel-established",
    ];
    let profile = path("profile.kdl");
    let report = path("run.json");
    let wanted = format!("json={report}");
    let first = judge(
        &server,
        &[
            &only[..],
            &["--save-profile", &profile, "--report", &wanted],
        ]
        .concat(),
    );
    assert_eq!(first.code, 1, "{}", first.out);
    assert!(first.out.contains("--seed "), "{}", first.out);

    let again = judge(&server, &["--rerun-failed", &report, "--profile", &profile]);
    let asked_for = again.json["cases"]
        .as_array()
        .expect("the value is a list")
        .iter();
    let ids: Vec<_> = asked_for
        .filter(|case| case["prerequisite"] == false)
        .map(|case| case["id"].clone())
        .collect();
    assert_eq!(ids, ["unknown-opcode-before-login"], "{}", again.out);

    let saved = fs::read_to_string(&profile).expect("the file was written");
    assert!(saved.contains("reading long-width \"8\""), "{saved}");
    let more = format!("{saved}unsupported \"whisper\" \"it is silent\"\n");
    let profile = write("more.kdl", &more);
    let known = write(
        "known.kdl",
        "unknown-opcode-before-login \"it ends; ticket 12\"\n// more to come\n",
    );
    let excused = judge(
        &server,
        &[&only[..], &["--profile", &profile, "--known", &known]].concat(),
    );
    assert_eq!(excused.verdict("whisper"), "unsupported", "{}", excused.out);
    assert_eq!(excused.code, 0, "{}", excused.out);
    assert!(
        excused.out.contains("known: it ends; ticket 12"),
        "{}",
        excused.out
    );

    let stale = write("stale.kdl", "whisper \"it was so once\"\n");
    let stale = judge(&server, &["--only", "whisper", "--known", &stale]);
    assert_eq!(stale.code, 1, "{}", stale.out);
    assert!(
        stale.out.contains("no longer occur: whisper"),
        "{}",
        stale.out
    );
}

#[test]
fn mistakes_in_files_are_shown_with_their_place() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let refused = |option: &str, text: &str, because: &[&str]| {
        let path = folder.path().join("file.kdl");
        fs::write(&path, text).expect("the file can be written");
        let output = crate::command::conformance()
            .args(["127.0.0.1:1", option])
            .arg(&path)
            .output()
            .expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        for part in because {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
    };
    refused(
        "--known",
        "whispr \"x\"",
        &["has no case whispr", "did you mean whisper?", ":1:1"],
    );
    refused("--known", "whisper", &["is not complete"]);
    refused(
        "--known",
        "whisper \"a\"\nwhisper \"b\"",
        &["whisper is given twice", ":2:1"],
    );
    refused("--profile", "sett a \"b\"", &["did you mean set?"]);
    refused("--profile", "reading long-width \"9\"", &["no choice 9"]);
    refused("--profile", "protocol chatos-1.0", &["the suite is chaton"]);
    refused("--profile", "unsupported whisper", &["is not complete"]);
    refused("--profile", "scale \"0\"", &["not a factor above 0"]);
    refused(
        "--rerun-failed",
        "{}",
        &["it is not the JSON report of a run"],
    );
}
