//! Tests of what the folder of a suite may contain. Lint ignores hidden files of editors, and refuses names that are not
//! regular files.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use conformance::profile::read_known;
use conformance::suite::Suite;
use rstest::rstest;
use tempfile::TempDir;

/// Returns a copy of the suite `echo`.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/echo");
    fs::create_dir(folder.path().join("scenarios")).expect("the folder is new");
    for file in ["spec.md", "wire.kdl", "scenarios/all.kdl"] {
        fs::copy(original.join(file), folder.path().join(file)).expect("the file exists");
    }
    folder
}

fn make_fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|made| made.success()));
}

fn make_folder(path: &Path) {
    fs::create_dir(path).expect("the name is free");
}

fn make_loop(path: &Path) {
    symlink(path, path).expect("the name is free");
}

#[test]
fn hidden_files_are_ignored() {
    let folder = copy();
    let scenarios = folder.path().join("scenarios");
    symlink("nobody@nowhere.1", scenarios.join(".#all.kdl")).expect("the name is free");
    fs::write(scenarios.join("._all.kdl"), b"\0\x05\x16\x07").expect("the file can be written");
    make_fifo(&scenarios.join(".fifo.kdl"));
    let suite = Suite::read_folder(folder.path());
    assert_eq!(suite.expect("it has no mistakes").name, "echo");
}

#[rstest]
#[case::folder("scenarios/x.kdl", make_folder, "it is not a regular file")]
#[case::fifo("scenarios/x.kdl", make_fifo, "it is not a regular file")]
#[case::link_loop("scenarios/x.kdl", make_loop, "cannot read the file")]
#[case::wire("wire.kdl", make_fifo, "it is not a regular file")]
#[case::spec("spec.md", make_fifo, "it is not a regular file")]
fn what_is_not_a_regular_file_is_refused_by_its_name(
    #[case] name: &str,
    #[case] make: fn(&Path),
    #[case] because: &str,
) {
    let folder = copy();
    let path = folder.path().join(name);
    // In some rows of this test, no file exists at this path. In these rows this call fails, which does no harm.
    let _ = fs::remove_file(&path);
    make(&path);
    let mistakes = Suite::read_folder(folder.path()).expect_err("it is refused");
    let [only] = mistakes.0.as_slice() else {
        panic!("{mistakes}");
    };
    assert_eq!(only.file.name, path.display().to_string());
    assert!(only.message.contains(because), "{mistakes}");
}

#[test]
fn other_files_must_be_regular_files_too() {
    let folder = copy();
    let fifo = folder.path().join("fifo");
    make_fifo(&fifo);
    let suite = Suite::read_folder(folder.path()).expect("it has no mistakes");
    let mistakes = read_known(&fifo, &suite).expect_err("it is refused");
    assert!(mistakes.to_string().contains("it is not a regular file"));
    let mistakes = suite.with_file(&fifo).expect_err("it is refused");
    assert!(mistakes.to_string().contains("it is not a regular file"));
}
