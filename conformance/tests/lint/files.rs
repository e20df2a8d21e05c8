//! Tests of what the folder of a suite may contain. Lint ignores the hidden files of text editors, and refuses entries that
//! are not regular files, for example FIFOs.
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

#[test]
fn files_that_are_not_read_are_told() {
    let folder = copy();
    let scenarios = folder.path().join("scenarios");
    fs::write(scenarios.join("A.KDL"), "").expect("the file can be written");
    fs::write(scenarios.join("notes.txt"), "").expect("the file can be written");
    make_folder(&scenarios.join("pictures"));
    make_folder(&scenarios.join("more"));
    fs::write(scenarios.join("more/b.kdl"), "").expect("the file can be written");
    let suite = Suite::read_folder(folder.path()).expect("these are only warnings");
    let told = suite.warnings.0.iter();
    let told: Vec<_> = told
        .map(|it| (it.file.name.clone(), it.message.clone()))
        .collect();
    let name = |name: &str| scenarios.join(name).display().to_string();
    assert_eq!(
        told,
        [
            (name("A.KDL"), "this file is ignored".to_owned()),
            (
                name("more"),
                "the scenarios in this folder are ignored".to_owned()
            ),
        ]
    );
}

#[test]
fn mistakes_in_wire_kdl_are_told_although_spec_md_is_missing() {
    let folder = copy();
    fs::remove_file(folder.path().join("spec.md")).expect("it exists");
    let wire = folder.path().join("wire.kdl");
    let mut text = fs::read_to_string(&wire).expect("it exists");
    text.push_str("\nnonsense\n");
    fs::write(&wire, text).expect("it can be written");
    let mistakes = Suite::read_folder(folder.path()).expect_err("it has mistakes");
    let files: Vec<_> = mistakes.0.iter().map(|it| it.file.name.as_str()).collect();
    assert!(
        files.iter().any(|name| name.ends_with("spec.md")),
        "{mistakes}"
    );
    assert!(
        files.iter().any(|name| name.ends_with("wire.kdl")),
        "{mistakes}"
    );
}

#[test]
fn the_help_for_a_fifo_fits_its_name() {
    let help = |name: &str| {
        let folder = copy();
        let path = folder.path().join(name);
        let _ = fs::remove_file(&path);
        make_fifo(&path);
        let mistakes = Suite::read_folder(folder.path()).expect_err("it is refused");
        mistakes.0[0].help.clone().expect("it has a remedy")
    };
    assert_eq!(help("spec.md"), "replace it with a text file");
    assert_eq!(help("wire.kdl"), "replace it with a text file");
    assert_eq!(
        help("scenarios/x.kdl"),
        "remove it, or give it a name that does not end with .kdl"
    );
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
    // In some rows of this test, no file exists at this path. Then this call fails, and the error is ignored.
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
