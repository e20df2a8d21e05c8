//! Functions that run the command `conformance run --spawn`, and the foreign server that this command starts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

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

/// Judges the server that the command `spawn` starts.
pub(crate) fn judge(spawn: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file: PathBuf = folder.path().join("run.json");
    let usual: &[&str] = match arguments.contains(&"--spawn-timeout") {
        true => &[],
        // Python starts slowly on a busy machine.
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
