//! Tests of the program `matou account`: what it does and what it prints. If the program is killed after it has reported a
//! change, the change must not be lost.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use matou_server::store::{Accounts, Password, Store};
use rstest::rstest;
use tempfile::TempDir;

fn account(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::cargo_bin("matou").unwrap();
    command.arg("account").args(arguments);
    command.arg("--data").arg(data);
    command
}

/// Runs the command with this standard input.
fn run(arguments: &[&str], data: &Path, input: &str) -> Output {
    let mut child = account(arguments, data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command may end before it has read everything. Then this write fails.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a command that must succeed, and returns its output.
fn does(arguments: &[&str], data: &Path, input: &str) -> String {
    let output = run(arguments, data, input);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert_eq!(told, "");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail, and returns its error message.
fn refuses(arguments: &[&str], data: &Path, input: &str) -> String {
    let output = run(arguments, data, input);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    String::from_utf8(output.stderr).unwrap()
}

fn is_right(data: &Path, login: &str, password: &str) -> bool {
    let accounts = Accounts::new(&Store::open(data).unwrap());
    accounts.is_right(login, &Password::new(password)).unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn an_account_is_added_changed_listed_and_removed() {
    let data = directory();
    let data = data.path();
    let add = ["add", "zoé the cat", "--password-stdin"];
    assert_eq!(does(&add, data, "first\n"), "added zoé the cat\n");
    assert!(is_right(data, "zoé the cat", "first"));
    does(&["add", "arnaud", "--password-stdin"], data, "townhall");
    assert_eq!(does(&["list"], data, ""), "arnaud\nzoé the cat\n");
    let passwd = ["passwd", "arnaud", "--password-stdin"];
    assert_eq!(
        does(&passwd, data, "second\r\n"),
        "changed the password of arnaud\n"
    );
    assert!(is_right(data, "arnaud", "second") && !is_right(data, "arnaud", "townhall"));
    assert_eq!(does(&["remove", "arnaud"], data, ""), "removed arnaud\n");
    assert_eq!(does(&["list"], data, ""), "zoé the cat\n");
}

#[rstest]
#[case::exists(&["add", "arnaud", "--password-stdin"], "x\n", "matou: account \"arnaud\" exists already")]
#[case::unknown(&["passwd", "nobody", "--password-stdin"], "x\n", "matou: no account \"nobody\" exists")]
#[case::unknown_too(&["remove", "nobody"], "", "matou: no account \"nobody\" exists")]
#[case::no_login(&["add", "", "--password-stdin"], "x\n", "matou: a name needs at least one character")]
#[case::no_password(&["add", "louis", "--password-stdin"], "\n", "matou: a password needs at least one character")]
#[case::nothing_on_stdin(&["add", "louis", "--password-stdin"], "", "matou: a password needs at least one character")]
#[case::no_terminal(&["add", "louis"], "x\n", "matou: cannot ask for the password: standard input is not a terminal; use --password-stdin")]
#[case::no_file(&["import", "/nowhere/at/all"], "", "matou: cannot read /nowhere/at/all: ")]
fn a_failed_command_says_why_and_changes_nothing(
    #[case] arguments: &[&str],
    #[case] input: &str,
    #[case] says: &str,
) {
    let data = directory();
    does(
        &["add", "arnaud", "--password-stdin"],
        data.path(),
        "townhall",
    );
    let told = refuses(arguments, data.path(), input);
    assert!(told.starts_with(says), "{told}");
    assert_eq!(does(&["list"], data.path(), ""), "arnaud\n");
    assert!(is_right(data.path(), "arnaud", "townhall"));
}

#[test]
fn a_file_is_imported_whole_or_not_at_all() {
    let data = directory();
    let data = data.path();
    let file = data.join("passwords.txt");
    let import = ["import", file.to_str().unwrap()];
    fs::write(&file, "arnaud$townhall\nlouis$sea$shell\n").unwrap();
    assert_eq!(does(&import, data, ""), "added 2\n");
    assert!(is_right(data, "louis", "sea$shell"));

    fs::write(&file, "pierre$x\nno dollar, but secret\narnaud$new\n").unwrap();
    let told = refuses(&import, data, "");
    assert!(
        told.contains("line 2: no $ between login and password"),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");
    assert_eq!(does(&["list"], data, ""), "arnaud\nlouis\n");

    fs::write(&file, "pierre$x\narnaud$new\n").unwrap();
    let told = does(&import, data, "");
    assert!(told.starts_with("added 1, kept 1 "), "{told}");
    assert!(is_right(data, "arnaud", "townhall"));
    let replace = [import[0], import[1], "--replace"];
    assert_eq!(does(&replace, data, ""), "added 0, changed 2\n");
    assert!(is_right(data, "arnaud", "new"));
}

#[test]
fn a_directory_without_a_database_is_an_error_and_is_not_created() {
    let parent = directory();
    let data = parent.path().join("mistyped");
    for arguments in [&["list"][..], &["remove", "arnaud"], &["passwd", "arnaud"]] {
        let told = refuses(arguments, &data, "");
        assert!(told.contains(" has no database; "), "{told}");
    }
    assert!(!data.exists());
}

#[test]
fn a_damaged_database_is_an_error_and_is_not_changed() {
    let data = directory();
    let path = data.path().join("matou.db");
    fs::write(&path, "This is a poem about a cat.\n".repeat(200)).unwrap();
    let told = refuses(&["list"], data.path(), "");
    assert!(told.contains("is damaged"), "{told}");
    assert!(told.contains(path.to_str().unwrap()), "{told}");
}

/// Starts a command. Kills it after `time`, or earlier if it has printed a line. Returns whether the command has reported
/// success.
fn killed_after(mut command: Command, input: &str, time: Duration) -> bool {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let stdout = child.stdout.take().unwrap();
    let (said, sayings) = channel();
    let reading = thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = said.send(line);
    });
    let early = sayings.recv_timeout(time);
    // `kill` sends SIGKILL, to which the command cannot react.
    child.kill().unwrap();
    child.wait().unwrap();
    // The command may have reported success just before it was killed.
    let line = early.or_else(|_| sayings.recv()).unwrap_or_default();
    reading.join().unwrap();
    line.starts_with("added ")
}

#[test]
fn an_acknowledged_change_survives_a_kill_at_any_time() {
    let data = directory();
    let data = data.path();
    let mut acknowledged = Vec::new();
    for number in 0..24_u64 {
        let login = format!("account {number}");
        let command = account(&["add", &login, "--password-stdin"], data);
        // These times suit fast and slow machines: after the shortest time, the command has not read its password yet; after
        // the longest time, it has ended.
        let time = Duration::from_millis(number * number / 2);
        if killed_after(command, "secret\n", time) {
            acknowledged.push(login);
        }
    }
    let last = "the last one";
    does(&["add", last, "--password-stdin"], data, "secret\n");
    acknowledged.push(last.to_owned());
    let listed = does(&["list"], data, "");
    for login in acknowledged {
        assert!(listed.lines().any(|line| line == login), "{login} is lost");
        assert!(is_right(data, &login, "secret"));
    }
}

#[test]
fn a_killed_import_is_complete_or_has_no_effect() {
    let data = directory();
    let data = data.path();
    // This call creates the database. Otherwise the first command might be killed before it has created the database.
    drop(Store::open(data).unwrap());
    for number in 0..12_u64 {
        let file = data.join("passwords.txt");
        let logins = ["a", "b", "c", "d"].map(|letter| format!("{letter}{number}"));
        let lines = logins.iter().map(|login| format!("{login}$secret\n"));
        fs::write(&file, lines.collect::<String>()).unwrap();
        let command = account(&["import", file.to_str().unwrap()], data);
        let time = Duration::from_millis(3 * number * number);
        let acknowledged = killed_after(command, "", time);
        let listed = does(&["list"], data, "");
        let there = logins
            .iter()
            .filter(|login| listed.lines().any(|line| line == *login));
        let count = there.count();
        assert!(count == 4 || (count == 0 && !acknowledged), "{count} of 4");
    }
}
