//! Functions that run the command `conformance run --spawn`, and the foreign server that this command starts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
#[cfg(unix)]
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

#[cfg(unix)]
use crate::heeding::heeding_all_signals;

/// Returns the command that starts a small server of `tests/data/servers`, without its arguments.
pub(crate) fn small_server(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/servers");
    let program = if file.ends_with(".py") {
        "python3"
    } else {
        "sh"
    };
    format!("exec {program} '{}'", folder.join(file).display())
}

/// Returns the command that starts the foreign server: Chaton in Python, with several faults.
pub(crate) fn foreign_server() -> String {
    let python = Command::new("python3")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    assert!(
        python.is_ok_and(|status| status.success()),
        "this test judges a server in Python: install python3 (apt-get install python3); it needs its standard library only"
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = folder.join("tests/spawn/targets/chaton.py");
    format!("exec python3 '{}' {{port}}", script.display())
}

/// Returns the command that starts the foreign server with one more fault.
pub(crate) fn foreign_server_with(fault: &str) -> String {
    format!("{} {fault}", foreign_server())
}

/// The result of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) json: Value,
}

impl Run {
    /// Returns the case with this id.
    pub(crate) fn case(&self, id: &str) -> &Value {
        let cases = self.json["cases"].as_array().expect("the report has cases");
        let case = cases.iter().find(|case| case["id"] == id);
        case.unwrap_or_else(|| panic!("{id} was not run: {}", self.out))
    }

    /// Returns why the server cannot be judged.
    pub(crate) fn unjudgeable(&self) -> &str {
        let why = self.json["unjudgeable"].as_str();
        why.unwrap_or_else(|| panic!("the server was judged: {}", self.out))
    }

    pub(crate) fn verdict(&self, id: &str) -> &str {
        self.case(id)["verdict"].as_str().expect("it has a verdict")
    }

    /// Returns the kinds of the case's incidents.
    pub(crate) fn incidents(&self, id: &str) -> Vec<&str> {
        let incidents = self.case(id)["incidents"]
            .as_array()
            .expect("the value is a list");
        incidents
            .iter()
            .map(|incident| incident["kind"].as_str().expect("it has a kind"))
            .collect()
    }
}

/// Returns a command that judges a server of Chaton.
pub(crate) fn conformance() -> Command {
    let mut command =
        Command::cargo_bin("conformance").expect("the command is built with its tests");
    command.args(["run", "chaton"]).stdin(Stdio::null());
    command
}

/// Returns a command that judges a server of Chaton, and that ignores no signal.
#[cfg(unix)]
pub(crate) fn conformance_that_heeds_all_signals() -> Command {
    let mut command = heeding_all_signals(env!("CARGO_BIN_EXE_conformance"));
    command.args(["run", "chaton"]).stdin(Stdio::null());
    command
}

/// Waits until a condition holds.
///
/// # Panics
///
/// Panics if it does not hold after a minute.
#[cfg(unix)]
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns whether a process runs. A zombie does not count: it is a process that has ended, but its parent has not called
/// `wait` for it yet.
#[cfg(unix)]
pub(crate) fn runs(pid: u32) -> bool {
    let raw = i32::try_from(pid).expect("a process id");
    let pid = rustix::process::Pid::from_raw(raw).expect("not 0");
    let stat = std::fs::read_to_string(format!("/proc/{raw}/stat"));
    rustix::process::test_kill_process(pid).is_ok() && !stat.is_ok_and(|stat| stat.contains(") Z "))
}

/// Judges the server that the command `spawn` starts.
pub(crate) fn judge(spawn: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file: PathBuf = folder.path().join("run.json");
    let usual: &[&str] = match arguments.contains(&"--spawn-timeout") {
        true => &[],
        // On a busy machine, Python starts slowly, so the server gets much time to start.
        false => &["--spawn-timeout", "120s"],
    };
    let output = conformance()
        .args(["--spawn", spawn, "--report"])
        .arg(format!("json={}", file.display()))
        .args(usual)
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "null".to_owned());
    Run {
        code: output.status.code().expect("it ended by itself"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        json: serde_json::from_str(&text).expect("the report is JSON"),
    }
}
