//! Tests of commands that cannot print their output, because a disk is full or because the reader has closed its end.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use crate::not_listening;

fn printed_to(output: impl Into<Stdio>, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(arguments)
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output())
        .expect("the program starts")
}

/// Returns each command with two exit codes. The first is for output to a full disk, and the second for a reader that has
/// closed its end.
fn rows(address: &str) -> [(Vec<&str>, i32, i32); 5] {
    [
        (vec!["list"], 2, 0),
        (vec!["show", "chaton", "whisper"], 2, 0),
        (vec!["--help"], 2, 0),
        (
            vec![
                "tap",
                "chaton",
                "127.0.0.1:0",
                address,
                "--connections",
                "0",
            ],
            2,
            0,
        ),
        // Even if the output cannot be written, the exit code is that of the verdict.
        (vec!["run", "chaton", address], 3, 3),
    ]
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_does_not_fit_on_the_disk_is_an_error() {
    let (_bound, address) = not_listening();
    for (arguments, code, _) in rows(&address) {
        let full = File::options().write(true).open("/dev/full");
        let output = printed_to(full.expect("the device exists"), &arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        let told = error.matches("cannot write to standard output: ");
        assert_eq!(told.count(), 1, "{arguments:?}: {error}");
    }
}

#[test]
fn a_reader_that_has_closed_its_end_is_not_an_error() {
    let (_bound, address) = not_listening();
    for (arguments, _, code) in rows(&address) {
        let (reader, writer) = std::io::pipe().expect("the system has pipes");
        drop(reader);
        let output = printed_to(writer, &arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert_eq!(error, "", "{arguments:?}");
    }
}
