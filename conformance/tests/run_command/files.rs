//! Tests of the files that a run writes. The command opens them before the run and writes them after it.

use rstest::rstest;

use crate::{conformance, not_listening};

#[rstest]
#[case::folder("html=.", "cannot write .: ")]
#[case::inside_a_file("html=old/report.html", "cannot write old/report.html: ")]
#[case::one_file_twice("json=new,html=./new", "two outputs would go to the same file ./new")]
#[case::standard_output_twice("json=-,html=-", "only one report can go to the standard output")]
fn a_report_that_cannot_be_written_is_refused_before_the_run(
    #[case] report: &str,
    #[case] because: &str,
) {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    std::fs::write(folder.path().join("old"), "old").expect("the file can be written");
    let (_bound, address) = not_listening();
    let assert = conformance()
        .current_dir(folder.path())
        .args(["run", "chaton", &address, "--report", "json=old"])
        .args(["--report", report])
        .assert()
        .code(2)
        .stdout("");
    let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(error.contains(because), "{error}");
    let kept = std::fs::read_to_string(folder.path().join("old"));
    assert_eq!(kept.expect("it exists"), "old");
}

#[test]
fn a_profile_and_a_report_do_not_share_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let (_bound, address) = not_listening();
    conformance()
        .current_dir(folder.path())
        .args(["run", "chaton", &address, "--report", "json=a"])
        .args(["--save-profile", "a"])
        .assert()
        .code(2)
        .stdout("");
}

/// The user has written a file that the run reads. The command refuses to overwrite this file with a report.
#[test]
fn a_report_does_not_go_to_a_file_that_the_run_reads() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let known = "whisper \"ticket 12\"\n";
    std::fs::write(folder.path().join("known.kdl"), known).expect("the file can be written");
    let (_bound, address) = not_listening();
    let assert = conformance()
        .current_dir(folder.path())
        .args(["run", "chaton", &address, "--known", "known.kdl"])
        .args(["--report", "json=./known.kdl"])
        .assert()
        .code(2)
        .stdout("");
    let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(error.contains("this command reads"), "{error}");
    let kept = std::fs::read_to_string(folder.path().join("known.kdl"));
    assert_eq!(kept.expect("it exists"), known);
}

/// Other commands also write files when they end. Before such a command begins its work, it checks that it can write its
/// files.
#[rstest]
#[case::load(&["load", "chaton", "127.0.0.1:1", "--json", "."])]
#[case::tap(&["tap", "chaton", "127.0.0.1:0", "127.0.0.1:1", "--connections", "0", "--report", "html=."])]
#[case::tap_twice(&["tap", "chaton", "127.0.0.1:0", "127.0.0.1:1", "--connections", "0", "--report", "html=a", "--scenario", "a"])]
fn other_commands_refuse_files_that_cannot_be_written_before_their_work(
    #[case] arguments: &[&str],
) {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    conformance()
        .current_dir(folder.path())
        .args(arguments)
        .assert()
        .code(2)
        .stdout("");
}

/// If a FIFO has no reader, opening it for writing would block forever.
#[cfg(unix)]
#[test]
fn a_fifo_without_a_reader_is_refused_and_one_with_a_reader_gets_the_report() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|made| made.success()));
    let (_bound, address) = not_listening();
    let report = format!("json={}", fifo.display());
    let run = || {
        conformance()
            .args(["run", "chaton", &address, "--report", &report])
            .assert()
    };
    let refused = run().code(2);
    let error = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(
        error.contains("it is a FIFO that no program reads"),
        "{error}"
    );
    let reader = std::process::Command::new("cat")
        .arg(&fifo)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("cat exists");
    // Until the reader has opened the FIFO, the runner refuses the FIFO with exit code 2, so the test tries again.
    while run().get_output().status.code() == Some(2) {}
    let read = reader.wait_with_output().expect("cat ends");
    assert!(read.stdout.starts_with(b"{"), "{read:?}");
}

#[cfg(unix)]
#[test]
fn two_reports_into_hard_links_of_one_file_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    std::fs::write(folder.path().join("a"), "").expect("the file can be written");
    std::fs::hard_link(folder.path().join("a"), folder.path().join("b")).expect("it is new");
    let refused = conformance()
        .current_dir(folder.path())
        .args([
            "run",
            "chaton",
            "127.0.0.1:1",
            "--report",
            "json=a",
            "--report",
            "tap=b",
        ])
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(error.contains("two outputs would go to"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_does_not_fit_on_the_disk_is_an_error_but_the_exit_code_of_the_verdict_stays() {
    let (_bound, address) = not_listening();
    let assert = conformance()
        .args(["run", "chaton", &address, "--report", "json=/dev/full"])
        .assert()
        .code(3);
    let error = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(error.contains("cannot write /dev/full: "), "{error}");
}
