//! Tests of what an installed `matou` offers to a shell and to packagers: completion, manual pages, and the version.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;

fn matou() -> Command {
    Command::cargo_bin("matou").unwrap()
}

fn out(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Returns the completions that the shell `fish` offers for the last word of this command line, without their descriptions.
fn completed(line: &[&str]) -> Vec<String> {
    let output = matou()
        .env("COMPLETE", "fish")
        .args(["--", "matou"])
        .args(line)
        .output()
        .unwrap();
    let lines = out(&output).lines();
    let word = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    lines.map(word).collect()
}

#[test]
fn a_shell_completes_commands_options_and_addresses() {
    assert_eq!(completed(&["ser"]), ["serve"]);
    assert_eq!(completed(&["chat", "--pla"]), ["--plain"]);
    assert_eq!(completed(&["chat", "chath"]), ["chathack://"]);
    assert_eq!(completed(&["completions", "ba"]), ["bash"]);
    assert!(
        !completed(&[""]).contains(&"man".to_owned()),
        "it is hidden"
    );
}

#[test]
fn the_script_for_a_shell_starts_the_program_by_the_path_that_was_used() {
    let mut matou = matou();
    let path = matou.get_program().to_owned();
    let output = matou.args(["completions", "bash"]).output().unwrap();
    let script = out(&output);
    assert!(script.contains(path.to_str().unwrap()), "{script}");
    assert!(script.contains("matou"), "{script}");
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    out(&matou().arg("man").arg(&pages).output().unwrap());
    let files: BTreeSet<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in [
        "matou.1",
        "matou-chat.1",
        "matou-serve.1",
        "matou-account-add.1",
    ] {
        assert!(files.contains(page), "{files:?}");
    }
    assert!(!files.contains("matou-man.1"), "{files:?}");
    let page = std::fs::read_to_string(pages.join("matou-serve.1")).unwrap();
    assert!(page.contains(".TH matou-serve 1"), "{page}");
    assert!(page.contains("\\-\\-listen"), "{page}");
}

#[test]
fn the_folder_of_the_manual_pages_must_be_writable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = matou().arg("man").arg(file.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    let sentence = "matou: cannot write the manual pages into ";
    assert!(error.starts_with(sentence), "{error}");
}

#[test]
fn the_version_is_printed() {
    let output = matou().arg("--version").output().unwrap();
    let expected = concat!("matou ", env!("CARGO_PKG_VERSION"));
    assert!(out(&output).starts_with(expected), "{output:?}");
}
