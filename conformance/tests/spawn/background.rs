//! Tests of processes that leave the process group of the command: the runner names them and ends them. It does not touch
//! processes that it did not start.

use std::process::Command;

use rstest::rstest;

use crate::command::{foreign_server, judge, runs, small_server};

/// Returns the ids of the processes that a text names as `process 7 (...)`.
fn named(text: &str) -> Vec<u32> {
    let after = text.split("process ").skip(1);
    after
        .filter_map(|rest| rest.split_once(" (`")?.0.parse().ok())
        .collect()
}

#[rstest]
#[case::new_session("setsid --fork sleep 600; : {port}".to_owned())]
#[case::shell_job("nohup sleep 600 >/dev/null 2>&1 & : {port}".to_owned())]
#[case::cleared_environment("setsid --fork sh -c 'env -i sleep 600; :'; : {port}".to_owned())]
#[case::double_fork(small_server("double_fork.py") + " {port}")]
fn a_command_that_goes_into_the_background_is_not_judged(#[case] command: String) {
    let run = judge(&command, &[]);
    assert_eq!(run.code, 3, "{}", run.out);
    let why = run.unjudgeable();
    assert!(why.contains("with exit code 0"), "{why}");
    assert!(why.contains("does it go into the background?"), "{why}");
    let survivors = named(why);
    assert!(!survivors.is_empty(), "{why}");
    assert!(why.contains("which still ran"), "{why}");
    for pid in survivors {
        assert!(!runs(pid), "process {pid} still runs: {why}");
    }
}

#[test]
fn a_stranger_with_the_same_command_line_survives() {
    let mut stranger = Command::new("sleep")
        .arg("600.125")
        .spawn()
        .expect("the system has the program `sleep`");
    let run = judge("setsid --fork sleep 600.125; : {port}", &[]);
    let survivors = named(run.unjudgeable());
    assert!(!survivors.is_empty(), "{}", run.out);
    assert!(!survivors.contains(&stranger.id()), "{}", run.out);
    assert!(!survivors.iter().any(|pid| runs(*pid)), "{}", run.out);
    let state = stranger.try_wait().expect("it is our child");
    stranger.kill().expect("it is our child");
    stranger.wait().expect("it is our child");
    assert_eq!(state, None, "the runner ended the stranger");
}

/// The helper in the last row has an environment without variables. The runner recognises this helper because its parent is
/// the server.
#[rstest]
#[case::to_the_end("whisper", &[], "setsid --fork sleep 600.25")]
#[case::until_a_crash("unknown-opcodes", &["crash"], "setsid --fork sleep 600.25")]
#[case::child("whisper", &[], "env -i setsid sleep 600.25 &")]
fn a_helper_that_outlives_the_server_is_in_the_report(
    #[case] case: &str,
    #[case] incidents: &[&str],
    #[case] helper: &str,
) {
    let command = format!("{helper}\n{}", foreign_server());
    let run = judge(&command, &["--only", case]);
    assert_eq!(run.incidents(case), incidents, "{}", run.out);
    let told = "left behind: the server had started process ";
    assert!(run.out.contains(told), "{}", run.out);
    let survivors = run.json["survivors"].as_array().expect("a list");
    assert!(!survivors.is_empty(), "{}", run.out);
    for survivor in survivors {
        let pid = survivor["pid"].as_u64().expect("a number");
        assert_eq!(survivor["command"], "sleep 600.25");
        assert!(!runs(u32::try_from(pid).expect("a process id")));
        assert!(run.out.contains(&format!("process {pid} (`sleep 600.25`)")));
    }
}
