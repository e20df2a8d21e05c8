//! Tests that the runner ends its servers when a signal ends the runner, and that a later run removes the directories of
//! runs that were killed.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};

use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::command::{
    conformance, conformance_that_heeds_all_signals, eventually, runs, small_server,
};

/// A run whose server has started a helper in another session. The server does not listen, so the runner waits.
struct Escaped {
    folder: tempfile::TempDir,
    runner: Child,
    server: u32,
    helper: u32,
    scratch: PathBuf,
}

impl Escaped {
    fn begin() -> Escaped {
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let words = folder.path().join("words");
        let report = folder.path().join("run.json");
        let temporary = folder.path().join("temporary");
        fs::create_dir(&temporary).expect("the folder is new");
        let command = format!(
            "{} '{}' {{port}}",
            small_server("escapes.sh"),
            words.display()
        );
        let runner = conformance_that_heeds_all_signals()
            .env("TMPDIR", temporary)
            .args(["--spawn", &command, "--spawn-timeout", "600s", "--report"])
            .arg(format!("json={}", report.display()))
            .spawn()
            .expect("the program starts");
        eventually("the server begins", || words.exists());
        let text = fs::read_to_string(&words).expect("the file was written");
        let [server, helper, scratch] = *text.split_whitespace().collect::<Vec<_>>() else {
            panic!("three words: {text}")
        };
        let number = |word: &str| word.parse().expect("a number");
        Escaped {
            runner,
            server: number(server),
            helper: number(helper),
            scratch: scratch.into(),
            folder,
        }
    }

    /// Sends a signal to the runner, and waits until the server and its helper have ended.
    fn end(&mut self, signal: Signal) -> ExitStatus {
        assert!(runs(self.server) && runs(self.helper) && self.scratch.is_dir());
        kill_process(Pid::from_child(&self.runner), signal).expect("it was not waited for");
        let status = self.runner.wait().expect("it was started");
        eventually("the server is gone", || !runs(self.server));
        eventually("its helper is gone", || !runs(self.helper));
        status
    }
}

#[cfg(target_os = "linux")]
#[rstest]
#[case(Signal::INT, 130)]
#[case(Signal::TERM, 143)]
#[case(Signal::HUP, 129)]
fn an_interruption_ends_the_server_and_all_that_it_started(
    #[case] signal: Signal,
    #[case] code: i32,
) {
    let mut run = Escaped::begin();
    let status = run.end(signal);
    assert_eq!(status.code(), Some(code));
    assert!(!run.scratch.exists());
    let text = fs::read_to_string(run.folder.path().join("run.json"));
    let json: Value =
        serde_json::from_str(&text.expect("the report was written")).expect("the report is JSON");
    let survivors = json["survivors"].as_array().expect("the value is a list");
    let pids: Vec<&Value> = survivors.iter().map(|survivor| &survivor["pid"]).collect();
    assert_eq!(pids, [run.helper], "{json}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_runner_that_is_killed_leaves_nothing_behind() {
    let mut run = Escaped::begin();
    let status = run.end(Signal::KILL);
    assert_eq!(status.signal(), Some(Signal::KILL.as_raw()));
    let temporary = run.folder.path().join("temporary");
    let is_empty = || {
        fs::read_dir(&temporary)
            .expect("it exists")
            .next()
            .is_none()
    };
    eventually("the scratch directory is gone", is_empty);
}

#[test]
fn a_run_removes_the_scratch_directories_of_dead_runs_only() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let create = |name: &str, file: &str| {
        let directory = folder.path().join(name);
        fs::create_dir_all(directory.join("scratch")).expect("the folder is new");
        File::create(directory.join(file)).expect("the file is new")
    };
    create("conformance-dead", "conformance.lock");
    let living = create("conformance-living", "conformance.lock");
    living.lock().expect("the file can be locked");
    create("conformance-of-a-person", "letter");
    let status = conformance()
        .env("TMPDIR", folder.path())
        .args(["--spawn", "exit 7; : {port}"])
        .output()
        .expect("the program starts")
        .status;
    assert_eq!(status.code(), Some(3));
    let exists = |name: &str| Path::new(folder.path()).join(name).exists();
    assert!(!exists("conformance-dead"));
    assert!(exists("conformance-living"));
    assert!(exists("conformance-of-a-person"));
    drop(living);
    let left = fs::read_dir(folder.path()).expect("it exists").count();
    assert_eq!(left, 2, "the run removed its own directories");
}
