//! Tests of the commands `conformance list`, `show` and `lint`.

use std::fs;
use std::process::Output;

use assert_cmd::Command;
use rstest::rstest;

const ECHO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/echo");

fn conformance(arguments: &[&str]) -> Output {
    Command::cargo_bin("conformance")
        .expect("the command is built with its tests")
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

#[rstest]
#[case::cases(&["list", ECHO], "number        each whisper has a number of its own (lock numbers)\n              checks ECHO-3\n")]
#[case::coverage(&["list", ECHO, "--coverage"], "  ECHO-2  must    everything, reading mirror\n")]
#[case::coverage_sum(&["list", ECHO, "--coverage"], "3 of 3 requirements are checked\n")]
#[case::one_case(&["show", ECHO, "hello"], "ECHO-1 (must, section 1) A name that is free is accepted.\n")]
#[case::its_text(&["show", ECHO, "hello"], "scenario \"hello\" {\n    title \"a free name is accepted\"\n")]
#[case::lint(&["lint", ECHO], "echo: no mistakes, 0 warnings; 5 cases, 3 of 3 requirements have a case\n")]
fn a_command_without_mistakes_prints_its_result_and_exits_with_0(
    #[case] arguments: &[&str],
    #[case] said: &str,
) {
    let output = conformance(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains(said), "{}", out(&output));
}

#[test]
fn the_protocols_are_listed() {
    let output = conformance(&["list"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for name in conformance::suite::Suite::built_in_names() {
        assert!(
            out(&output).lines().any(|line| line.starts_with(name)),
            "{}",
            out(&output)
        );
    }
}

#[rstest]
#[case::protocol(&["list", "no-such-protocol"], "neither a protocol nor a folder")]
#[case::case_of_a_protocol(&["show", ECHO, "helo"], "did you mean hello?")]
#[case::strange_case(&["show", "chaton", "quite-another-word"], "no case quite-another-word: `conformance list chaton` lists the cases\n")]
#[case::file_without_protocol(&["lint", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], "--protocol NAME")]
#[case::folder(&["lint", "no-such-folder"], "cannot read the folder")]
#[case::word(&["lnt"], "lint")]
fn wrong_usage_is_explained_and_exits_with_2(#[case] arguments: &[&str], #[case] said: &str) {
    let output = conformance(arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains(said), "{}", err(&output));
    let marks = |line: &str| line.matches('×').count();
    let once = err(&output).lines().all(|line| marks(line) <= 1);
    assert!(once, "{}", err(&output));
}

#[test]
fn lint_shows_a_mistake_with_its_file_line_caret_and_remedy() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = folder.path().join("mine.kdl");
    let text = "scenario \"mine\" {\n    title \"é\"\n    checks ECHO-1\n    client alice\n    alice > HELO name=@alice\n}\n";
    fs::write(&path, text).expect("the file can be written");
    let output = conformance(&[
        "lint",
        path.to_str().expect("a path in UTF-8"),
        "--protocol",
        ECHO,
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    for part in [
        "there is no packet HELO",
        "mine.kdl:5:13",
        "────",
        "did you mean HELLO?",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    assert_eq!(out(&output), "1 mistake\n");
    fs::write(&path, text.replace("HELO", "HELLO")).expect("the file can be written");
    let output = conformance(&[
        "lint",
        path.to_str().expect("a path in UTF-8"),
        "--protocol",
        ECHO,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        out(&output).contains("no step checks the effect of the last send"),
        "{}",
        out(&output)
    );
}

/// Returns the completions that the shell `fish` offers for the last word of this command line, without their descriptions.
fn completed(line: &[&str]) -> Vec<String> {
    let output = Command::cargo_bin("conformance")
        .expect("the command is built with its tests")
        .env("COMPLETE", "fish")
        .args(["--", "conformance"])
        .args(line)
        .output()
        .expect("the program starts");
    let words = out(&output);
    let word = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    words.lines().map(word).collect()
}

#[test]
fn a_shell_completes_protocols_cases_and_folders() {
    assert_eq!(completed(&["run", "chath"]), ["chathack"]);
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dat");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
    assert_eq!(completed(&["lint", data]), [folder]);
    assert_eq!(completed(&["show", "chaton", "slow-t"]), ["slow-tunnel"]);
    assert_eq!(completed(&["show", ECHO, "hel"]), ["hello"]);
    let only = ["run", "chaton", "127.0.0.1:1", "--only", "slow-t"];
    assert_eq!(completed(&only), ["slow-tunnel"]);
}
