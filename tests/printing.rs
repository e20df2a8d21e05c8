//! Tests of `matou` when it cannot print its output, because a disk is full or because the reader has closed its end.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;

fn matou(folder: &Path, words: &str) -> Command {
    let mut command = Command::cargo_bin("matou").unwrap();
    command.current_dir(folder).args(words.split(' '));
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

fn finished(command: &mut Command) -> (Option<i32>, String) {
    let child = command.spawn().unwrap();
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// Returns a folder that contains an identity and a database of accounts.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let new = "identity new --bits 2048 --identity known.pem";
    let made = matou(folder.path(), new).stdout(Stdio::null()).status();
    assert!(made.unwrap().success());
    folder
}

const NEW: &str = "identity new --bits 2048 --identity new.pem";

#[test]
fn a_full_disk_is_told_and_creates_nothing_without_a_name() {
    let folder = folder();
    for words in [
        NEW,
        "identity show --identity known.pem",
        "serve --listen chaton=127.0.0.1:0 --log off --data .",
        "--help",
    ] {
        let (code, error) = finished(matou(folder.path(), words).stdout(full()));
        assert_eq!(code, Some(2), "{words}: {error}");
        let sentence = "matou: cannot write to standard output: No space left on device";
        assert!(error.starts_with(sentence), "{words}: {error}");
    }
    assert!(!folder.path().join("new.pem").exists());
}

#[test]
fn a_reader_that_has_closed_its_end_is_no_error_to_speak_of() {
    let folder = folder();
    for words in [NEW, "identity show --identity known.pem", "--help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let told = finished(matou(folder.path(), words).stdout(writer));
        assert_eq!(told, (Some(141), String::new()), "{words}");
    }
    assert!(!folder.path().join("new.pem").exists());
}

#[test]
fn an_error_that_cannot_be_printed_is_still_an_exit_code() {
    let folder = folder();
    let show = "identity show --identity missing.pem";
    let status = matou(folder.path(), show).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
