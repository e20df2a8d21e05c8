//! Tests that the example of EXAMPLE.md is correct, and that lint finds no mistakes in the folders that `conformance new`
//! writes.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use conformance::suite::Suite;
use rstest::rstest;

const EXAMPLE: &str = include_str!("../EXAMPLE.md");

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder)
}

fn noticeboard() -> PathBuf {
    data("noticeboard")
}

fn conformance() -> Command {
    Command::cargo_bin("conformance").expect("the command is built with its tests")
}

/// EXAMPLE.md must contain the files of the example, each line indented by four columns.
#[rstest]
#[case("wire.kdl")]
#[case("spec.md")]
#[case("scenarios/board.kdl")]
fn example_md_shows_the_files_without_changes(#[case] file: &str) {
    let text = std::fs::read_to_string(noticeboard().join(file)).expect("it exists");
    let indented = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    };
    let shown: String = text.lines().map(indented).collect();
    assert!(EXAMPLE.contains(&shown), "{file} differs from EXAMPLE.md");
}

/// Starts the server of an example and judges it. The arguments of the server are its port and the words in `words`.
fn verdict(folder: &Path, words: &str) -> (i32, String) {
    let python = std::process::Command::new("python3")
        .arg("--version")
        .output();
    assert!(
        python.is_ok(),
        "this test judges a server in Python: install python3; it needs its standard library only"
    );
    let server = folder.join("server.py");
    let spawn = format!("exec python3 '{}' {{port}} {words}", server.display());
    let output = conformance()
        .arg("run")
        .arg(folder)
        // On a busy machine, Python starts slowly, so the server gets much time to start.
        .args(["--spawn", &spawn, "--spawn-timeout", "120s"])
        .output()
        .expect("the program starts");
    let code = output.status.code().expect("it ends by itself");
    (code, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_server_of_the_example_passes() {
    let (code, out) = verdict(&noticeboard(), "");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("9 cases"), "{out}");
}

#[test]
fn a_server_that_counts_characters_fails_the_case_about_bytes() {
    let (code, out) = verdict(&noticeboard(), "characters");
    assert_eq!(code, 1, "{out}");
    assert_eq!(failed(&out), ["too-long-in-bytes"], "{out}");
    assert!(out.contains("BOARD-2"), "{out}");
}

fn failed(out: &str) -> Vec<&str> {
    out.lines()
        .filter_map(|line| line.trim_start().strip_prefix("fail "))
        .map(|line| line.trim_start().split(':').next().unwrap_or_default())
        .collect()
}

/// The lodge is an invented protocol. It has parts that none of the real protocols has: a length after the opcode,
/// little-endian numbers, padded names and counted lists.
#[test]
fn the_server_of_the_lodge_passes() {
    let (code, out) = verdict(&data("lodge"), "");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("14 cases"), "{out}");
}

#[rstest]
#[case::names_filled_with_spaces(
    "spaces",
    "who",
    "LODGE-5",
    "the text is filled up with the byte 20; the right byte is 00"
)]
#[case::a_length_of_the_whole_packet(
    "whole",
    "stranger",
    "LODGE-7",
    "the length of the frame counts the whole frame; it must count everything after itself"
)]
#[case::colours_with_the_highest_byte_first(
    "big",
    "look",
    "LODGE-6",
    "colour is sent in the other byte order"
)]
fn a_mistake_of_the_lodge_fails_one_case_and_is_explained(
    #[case] mistake: &str,
    #[case] id: &str,
    #[case] requirement: &str,
    #[case] hint: &str,
) {
    let (code, out) = verdict(&data("lodge"), mistake);
    assert_eq!(code, 1, "{out}");
    assert_eq!(failed(&out), [id], "{out}");
    assert!(out.contains(requirement), "{out}");
    assert!(out.contains(hint), "{out}");
}

/// The requirements of the suite cite every rule of the document.
#[test]
fn the_document_of_the_lodge_stands_beside_its_suite() {
    let read = |file: &str| std::fs::read_to_string(data("lodge").join(file)).expect("it exists");
    let (document, spec) = (read("document.md"), read("spec.md"));
    for section in [2, 5, 6, 7, 8, 9, 10] {
        assert!(
            document.contains(&format!("\n{section}. ")),
            "section {section}"
        );
        assert!(
            spec.contains(&format!("section {section})")),
            "section {section}"
        );
    }
}

#[rstest]
#[case::from_nothing(&[])]
#[case::of_chaton(&["--extends", "chaton"])]
#[case::of_groupe2(&["--extends", "chatos-groupe2"])]
#[case::of_chatos(&["--extends", "chatos-1.0"])]
#[case::of_chathack(&["--extends", "chathack"])]
fn a_new_folder_is_a_suite_without_mistakes(#[case] arguments: &[&str]) {
    let place = tempfile::tempdir().expect("a temporary folder can be created");
    conformance()
        .args(["new", "our-chat", "--into"])
        .arg(place.path())
        .args(arguments)
        .assert()
        .success();
    let folder = place.path().join("our-chat");
    let suite = Suite::read_folder(&folder).expect("lint finds nothing wrong with it");
    assert!(suite.warnings.0.is_empty(), "{}", suite.warnings);
    assert!(suite.scenarios.len() >= 2);
    // `new` never overwrites a file.
    conformance()
        .args(["new", "our-chat", "--into"])
        .arg(place.path())
        .args(arguments)
        .assert()
        .code(2);
}

#[rstest]
#[case::taken(&["new", "chaton"], "the program already has a protocol")]
#[case::unknown_base(&["new", "x", "--extends", "chatton"], "there is no protocol chatton to extend")]
#[case::name(&["new", "Our Chat"], "a name consists of a-z")]
fn a_folder_that_new_cannot_create_is_an_error_with_its_reason(
    #[case] arguments: &[&str],
    #[case] words: &str,
) {
    let place = tempfile::tempdir().expect("a temporary folder can be created");
    let output = conformance()
        .current_dir(place.path())
        .args(arguments)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(words), "{said}");
}
