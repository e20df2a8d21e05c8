//! Tests that the output and the packets of a hostile server do no harm in any report.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use conformance::text::is_hidden;
use serde_json::Value;

/// A scenario whose title is as hostile as the server's output.
const SCENARIO: &str = r#"
scenario "shouted" {
    title "::stop-commands::x\n##[group]\u{1b}[2J\u{202e} # TODO <b>\u{fffe}"
    checks CHATON-2.1
    use login alice
    use login bob
    alice > MESSAGE login=@alice msg="::\u{202e}\u{1b}"
    bob < MESSAGE login=@alice msg="::\u{202e}\u{1b}"
}
"#;

fn conformance() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conformance"));
    command.stdin(Stdio::null()).env("GITHUB_ACTIONS", "true");
    command
}

/// Returns the command that starts the hostile server.
fn server(arguments: &str) -> String {
    let python = Command::new("python3")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    assert!(
        python.is_ok_and(|status| status.success()),
        "this test judges a server in Python: install python3 (apt-get install python3); it needs its standard library only"
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = folder.join("tests/hostile/targets/shouting.py");
    format!("exec python3 '{}' {{port}}{arguments}", script.display())
}

/// All reports of one run, in a folder.
struct Reports {
    folder: tempfile::TempDir,
    run: Output,
}

impl Reports {
    /// Judges the hostile server. The annotations for GitHub go to the standard output, as in a workflow of GitHub.
    fn of(spawn: &str, arguments: &[&str]) -> Reports {
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("shouted.kdl"), SCENARIO).expect("the file can be written");
        let mut command = conformance();
        command.args(["run", "chaton", "--spawn", spawn, "--scenarios"]);
        command.arg(path("shouted.kdl")).args(arguments);
        // Python may start slowly while other tests run, so the server gets much time to start.
        command.args(["--spawn-timeout", "120s"]);
        for format in ["html", "json", "junit", "tap", "pcapng"] {
            let file = path(format);
            command.args(["--report", &format!("{format}={file}")]);
        }
        command.args(["--report", "annotations=-"]);
        let run = command.output().expect("the program starts");
        Reports { folder, run }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the report was written, in UTF-8")
    }
}

/// Checks that a text contains neither commands for build servers (lines that begin with `::`) nor invisible characters.
/// Tabs are allowed, because they do no harm in a page.
fn check_lines(name: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{name}: {line}");
    }
    for prefix in ["##[", "##vso[", "##teamcity["] {
        assert!(!text.contains(prefix), "{name} has {prefix}: {text}");
    }
    let hidden = text.replace(['\n', '\t'], "");
    let hidden = hidden.chars().find(|each| is_hidden(*each));
    assert_eq!(hidden, None, "{name}: {text}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is UTF-8")
}

/// Separates the annotations, which begin with `::`, from the other lines.
fn split_annotations(said: &str) -> (Vec<&str>, String) {
    let ours = |line: &&str| {
        ["::error title=", "::warning title=", "::notice title="]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let (annotations, rest): (Vec<&str>, Vec<&str>) = said.lines().partition(ours);
    (annotations, rest.join("\n"))
}

/// Checks the reports. The checks are the same for every run.
fn check(reports: &Reports) {
    let said = text(&reports.run.stdout);
    let (annotations, rest) = split_annotations(&said);
    assert!(!annotations.is_empty());
    annotations
        .iter()
        .for_each(|line| check_lines("annotations", &line[2..]));
    check_lines("the terminal", &rest);
    check_lines("the standard error", &text(&reports.run.stderr));
    for name in ["html", "json", "tap"] {
        check_lines(name, &reports.read(name));
    }
    let junit = reports.read("junit");
    check_lines("junit", &junit);
    quick_junit::Report::deserialize_from_str(&junit).expect("the report is JUnit XML");
    let _: Value = serde_json::from_str(&reports.read("json")).expect("the report is JSON");
    let capture = std::fs::read(reports.path("pcapng")).expect("the file was written");
    assert!(
        !capture.windows(4).any(|bytes| bytes == b"\x1b]0;a title"),
        "its comments"
    );
    check_tap(&reports.read("tap"));
    check_page(&reports.read("html"));
}

/// Checks the lines of the TAP report. The report may contain only the plan, one line for each case, blocks of YAML, and at
/// most one line that ends the report early.
fn check_tap(tap: &str) {
    let (mut cases, mut inside) = (0, false);
    for line in tap.lines().skip(2) {
        match line {
            "  ---" => inside = true,
            "  ..." => inside = false,
            _ if inside => assert!(line.starts_with("  "), "{line}"),
            _ if line.starts_with("Bail out! ") => {}
            _ => {
                cases += 1;
                let (ok, not_ok) = (format!("ok {cases} - "), format!("not ok {cases} - "));
                assert!(line.starts_with(&ok) || line.starts_with(&not_ok), "{line}");
                let directive = line.replace("\\#", "").replace(" # SKIP ", "");
                assert!(!directive.contains('#'), "{line}");
            }
        }
    }
    assert_eq!(tap.lines().nth(1), Some(&*format!("1..{cases}")));
    assert!(!inside);
}

fn check_page(page: &str) {
    assert!(!page.contains("<script>alert"), "{page}");
    assert_eq!(page.matches("<script>").count(), 1);
}

/// Returns the server's output from the JSON report. The file may write some characters of it as JSON escapes, but the
/// decoded text is the same.
fn output_of<'a>(run: &'a Value, id: &str) -> &'a str {
    let cases = run["cases"].as_array().expect("the report has cases");
    let case = cases.iter().find(|case| case["id"] == id);
    let case = case.expect("it was run");
    assert_eq!(case["verdict"], "fail", "{case}");
    case["output"].as_str().expect("the server wrote something")
}

#[test]
fn no_report_contains_a_command_that_the_server_writes_or_sends() {
    let reports = Reports::of(
        &server(""),
        // Without --verbose, the terminal shows only the last lines of the server's output.
        &["--verbose", "--only", "shouted,broadcast,unknown-opcodes"],
    );
    let said = text(&reports.run.stdout);
    assert_eq!(reports.run.status.code(), Some(1), "{said}");
    check(&reports);
    assert!(said.contains("    | \\u{3a}:stop-commands::x\n"), "{said}");
    assert!(said.contains(r"\u{1b}]0;a title\u{7}"), "{said}");
    let run: Value = serde_json::from_str(&reports.read("json")).expect("the report is JSON");
    let output = output_of(&run, "broadcast");
    assert!(output.contains("\n::stop-commands::x\n") && output.contains("\u{1b}]0;a title\u{7}"));
    assert!(output.contains('\0') && output.contains('\u{202e}') && output.contains('\u{fffe}'));
    assert!(reports.read("html").contains("&lt;script&gt;alert(1)"));
    assert!(reports.read("junit").contains(r"\u{fffe}\u{ffff}\u{1fffe}"));
}

#[test]
fn no_report_contains_a_command_that_the_server_writes_before_it_dies() {
    let reports = Reports::of(&server(" dies"), &["--only", "shouted"]);
    let said = text(&reports.run.stdout);
    assert_eq!(reports.run.status.code(), Some(3), "{said}");
    check(&reports);
    assert!(said.contains("its output:\n    | "), "{said}");
    assert!(reports.read("tap").contains("\nBail out! "));
    assert!(reports.read("tap").contains(r"\\u{1b}"));
}

#[test]
fn no_matrix_contains_a_command_from_a_report_of_another_team() {
    let hostile = "::stop-commands::x\n\u{1b}]0;t\u{7}\u{202e}##[group]<b>\u{fffe}";
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let case = |id: &str, verdict: &str| {
        serde_json::json!({
            "id": format!("{hostile}{id}"), "title": hostile, "verdict": verdict,
            "requirements": [{"id": hostile, "level": "must"}],
            "cause": null, "failure": {"expected": hostile, "got": hostile},
        })
    };
    let run = serde_json::json!({
        "format": 1, "protocol": "chaton", "title": hostile, "target": hostile, "sentence": hostile,
        "readings": [{"name": hostile, "choice": hostile}],
        "cases": [case("a", "fail"), case("b", "pass")],
    });
    std::fs::write(path("run.json"), run.to_string()).expect("the file can be written");
    let output = conformance()
        .args(["matrix", "--verbose", "--report"])
        .arg(format!("html={},csv={}", path("html"), path("csv")))
        .arg(format!("{hostile}={}", path("run.json")))
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    check_lines("the table", &text(&output.stdout));
    let page = std::fs::read_to_string(path("html")).expect("the file was written");
    check_lines("the page", &page);
    assert!(!page.contains("<b>\\u{fffe}") && page.contains("&lt;b&gt;\\u{fffe}"));
    let csv = std::fs::read_to_string(path("csv")).expect("the file was written");
    let rows: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 4, "{csv}");
    rows.iter()
        .for_each(|row| check_lines("the table for spreadsheets", row));
}

#[test]
fn no_error_contains_a_command_from_an_argument_or_a_path() {
    let hostile = "x\n::stop-commands::x\u{1b}]0;t\u{7}\u{202e}";
    for arguments in [
        &["run", hostile, "127.0.0.1:1"][..],
        &["run", "chaton", hostile],
        &["run", "chaton", "127.0.0.1:1", "--only", hostile],
        &["run", "chaton", "127.0.0.1:1", "--profile", hostile],
        &["run", "chaton", "127.0.0.1:1", "--jobs", hostile],
        &[hostile],
        &["lint", hostile],
        &["show", "chaton", hostile],
        &["matrix", hostile],
        &["load", "chaton", hostile],
        &["tap", "chaton", hostile, "127.0.0.1:1"],
    ] {
        let output = conformance()
            .args(arguments)
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
        check_lines("the standard output", &text(&output.stdout));
        check_lines("the standard error", &text(&output.stderr));
    }
}

#[test]
fn no_lint_message_contains_a_command_from_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file = folder.path().join("hostile.kdl");
    let long = "y".repeat(90);
    let source = format!(
        "scenario \"A\u{9b}2J\u{ad}\u{e0041}\" {{\n    title \"::x\u{3164}\"\n    \"{long} ::stop-commands::x\"\n}}\n"
    );
    std::fs::write(&file, source).expect("the file can be written");
    let output = conformance()
        .args(["lint", "--protocol", "chaton"])
        .arg(&file)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("hostile.kdl"), "{said}");
    check_lines("the standard error", &said);
}
