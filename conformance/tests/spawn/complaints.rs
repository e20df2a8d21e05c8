//! Tests of the reasons why a server did not start.

use crate::command::{judge, small_server};

#[test]
fn an_end_directly_after_the_start_is_explained() {
    let run = judge("true {port}", &[]);
    assert_eq!(run.code, 3, "{}", run.out);
    let why = run.unjudgeable();
    assert!(
        why.contains("with exit code 0; does it go into the background?"),
        "{why}"
    );
    let run = judge("false {port}", &[]);
    assert!(!run.unjudgeable().contains("background"), "{}", run.out);
}

#[test]
fn a_directory_that_does_not_exist_is_named() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (directory, why) in [
        ("/no/such/folder", "does not exist"),
        (file, "is not a directory"),
    ] {
        let run = judge("exec ./server {port}", &["--spawn-dir", directory]);
        assert_eq!(run.code, 3, "{}", run.out);
        let told = format!("the directory {directory:?} of --spawn-dir {why}");
        assert!(run.unjudgeable().contains(&told), "{}", run.out);
    }
}

/// If a script was written on Windows, its first line (`#!...`) ends with a carriage return. So the system looks for an
/// interpreter whose name ends with a carriage return.
#[cfg(unix)]
#[test]
fn a_carriage_return_after_the_name_of_the_interpreter_is_explained() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file = folder.path().join("server.py");
    fs::write(&file, "#!/usr/bin/env python3\r\nprint('hello')\r\n").expect("the folder is ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let folder = folder.path().to_str().expect("a path in UTF-8");
    let run = judge("./server.py {port}", &["--spawn-dir", folder]);
    assert_eq!(run.code, 3, "{}", run.out);
    let why = run.unjudgeable();
    assert!(why.contains("the name \"python3\\r\""), "{why}");
    assert!(why.contains("sed -i 's/\\r$//' ./server.py"), "{why}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_line_that_stays_in_an_output_buffer_is_explained() {
    let command = small_server("silent.py") + " {port}";
    // On a busy machine, the server may not listen yet when the first of these time limits is over. So the test also tries
    // longer limits.
    let told = ["1s", "5s", "25s", "125s"].iter().any(|bound| {
        let arguments = ["--ready-line", "ready", "--spawn-timeout", bound];
        let run = judge(&command, &arguments);
        assert_eq!(run.code, 3, "{}", run.out);
        let why = run.unjudgeable();
        assert!(why.contains("printed no line with \"ready\""), "{why}");
        why.contains("but it already listens on") && why.contains("stdbuf -oL")
    });
    assert!(told, "the runner does not see that the server listens");
}
