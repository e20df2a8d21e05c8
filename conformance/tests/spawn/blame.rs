//! Tests that the report names the right case as the cause when the foreign server has a fault.

use crate::command::{Run, foreign_server, foreign_server_with, judge};

/// Asserts that the case is inconclusive because of the other case.
fn assert_consequence(run: &Run, id: &str, cause: &str) {
    assert_eq!(run.verdict(id), "inconclusive", "{}", run.out);
    assert_eq!(run.case(id)["cause"]["case"], cause, "{}", run.out);
}

#[test]
fn a_crash_inside_a_fragment_belongs_to_the_case_that_proves_the_fragment() {
    let only = ["--only", "tunnel-relays-a-line,tunnel-half-close"];
    let run = judge(&foreign_server_with("join"), &only);
    assert_eq!(run.verdict("tunnel-established"), "fail", "{}", run.out);
    let failure = &run.case("tunnel-established")["failure"];
    assert_eq!(failure["kind"], "target-died");
    assert!(failure["step"].is_object(), "the step is kept: {failure}");
    for id in ["tunnel-relays-a-line", "tunnel-half-close"] {
        assert_consequence(&run, id, "tunnel-established");
    }
}

#[test]
fn a_crash_after_all_steps_were_fulfilled_counts_once() {
    let cases = ["whisper", "whisper-of-1024-bytes", "whisper-to-oneself"];
    let run = judge(&foreign_server_with("leave"), &["--only", &cases.join(",")]);
    let all = run.json["cases"].as_array().expect("the report has cases");
    let failed = all.iter().filter(|case| case["verdict"] == "fail").count();
    assert_eq!(failed, 1, "{}", run.out);
    for id in cases {
        assert_eq!(run.incidents(id), ["crash"], "{}", run.out);
    }
    assert!(
        run.out.contains("every step of the case was fulfilled"),
        "{}",
        run.out
    );
    assert_eq!(run.code, 1);
}

#[test]
fn surplus_bytes_in_a_tunnel_belong_to_the_case_that_proves_relaying() {
    let only = [
        "--only",
        "tunnel-two-at-once,tunnel-bytes-too-early,tunnel-hears-no-chat",
    ];
    let run = judge(&foreign_server_with("pad"), &only);
    assert_eq!(run.verdict("tunnel-relays-a-line"), "fail", "{}", run.out);
    let got = run.case("tunnel-relays-a-line")["failure"]["got"].as_str();
    assert!(got.is_some_and(|got| !got.contains("LOGIN")), "{got:?}");
    for id in [
        "tunnel-two-at-once",
        "tunnel-bytes-too-early",
        "tunnel-hears-no-chat",
    ] {
        assert_consequence(&run, id, "tunnel-relays-a-line");
    }
}

#[test]
fn what_an_earlier_case_left_in_the_process_fails_no_later_case() {
    let arguments = [
        "--only",
        "crash-of-one,tunnel-hears-no-chat",
        // Both cases use the same process, and a missing answer counts in the first play.
        "--jobs",
        "1",
        "--patient",
    ];
    let run = judge(&foreign_server_with("ghost"), &arguments);
    assert_eq!(run.verdict("crash-of-one"), "fail", "{}", run.out);
    assert_eq!(
        run.verdict("tunnel-hears-no-chat"),
        "inconclusive",
        "{}",
        run.out
    );
    let cause = run.case("tunnel-hears-no-chat")["cause"]["text"].as_str();
    let told = "the case passes with a fresh server process";
    assert!(cause.is_some_and(|cause| cause.contains(told)), "{cause:?}");
}

#[test]
fn a_server_that_counts_characters_fails_only_cases_with_characters_of_several_bytes() {
    let right = [
        "whisper-of-1024-bytes",
        "one-byte-per-segment",
        "login-of-30-bytes",
    ];
    let wrong = "whisper-of-1024-bytes-in-two-byte-characters";
    let only = format!("{},{wrong}", right.join(","));
    let run = judge(&foreign_server(), &["--only", &only]);
    for id in right {
        assert_eq!(run.verdict(id), "pass", "{id}: {}", run.out);
    }
    assert_eq!(run.verdict(wrong), "fail", "{}", run.out);
}

#[test]
fn the_reuse_of_a_connect_id_needs_no_half_close() {
    let only = ["--only", "connect-id-used-up,tunnel-half-close"];
    let run = judge(&foreign_server_with("reuse"), &only);
    assert_eq!(run.verdict("tunnel-half-close"), "fail", "{}", run.out);
    assert_eq!(run.verdict("connect-id-used-up"), "fail", "{}", run.out);
    assert_eq!(
        run.incidents("connect-id-used-up"),
        ["crash"],
        "{}",
        run.out
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_works_for_a_while_after_a_load_is_not_busy() {
    let run = judge(
        &foreign_server_with("warm"),
        &["--only", "whisper,broadcast"],
    );
    let all = run.json["cases"].as_array().expect("the report has cases");
    let busy = |case: &serde_json::Value| case["incidents"].to_string().contains("busy");
    assert!(!all.iter().any(busy), "{}", run.out);
    assert_eq!(run.verdict("whisper"), "pass", "{}", run.out);
}
