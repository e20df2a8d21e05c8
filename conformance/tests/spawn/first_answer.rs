//! Tests of servers that listen before they answer.

use crate::command::{foreign_server, judge, small_server};

/// The server does not answer on this number of connections, and then it answers. If the runner had not started the server,
/// the runner would give up after fewer connections.
const UNANSWERED: usize = 4;

#[test]
fn a_server_that_listens_before_it_answers_is_waited_for() {
    let command = format!("{} {{port}} {UNANSWERED}", small_server("late_answer.py"));
    for isolate in [&[][..], &["--isolate", "case"]] {
        let usual = ["--only", "login-accepted", "--scale", "0.25"];
        let run = judge(&command, &[&usual, isolate].concat());
        assert_eq!(run.verdict("login-accepted"), "pass", "{}", run.out);
    }
}

#[test]
fn a_server_that_never_answers_cannot_be_judged() {
    let command = format!("{} {{port}} 1000000", small_server("late_answer.py"));
    let run = judge(&command, &["--spawn-timeout", "5s", "--scale", "0.05"]);
    assert_eq!(run.code, 3, "{}", run.out);
    // On a busy machine, the server may not even listen in time; the report says so with the same words.
    for part in ["did not answer", "use a longer --spawn-timeout"] {
        assert!(run.unjudgeable().contains(part), "{}", run.out);
    }
}

#[test]
fn the_time_until_the_first_answer_is_in_the_report() {
    let run = judge(&foreign_server(), &["--only", "whisper"]);
    let start_up = run.json["start_up_ms"].as_f64().expect("a number");
    let whole = run.json["duration_ms"].as_f64().expect("a number");
    assert!(start_up > 0.0 && start_up < whole, "{start_up} {whole}");
    let told = "start-up: the first answer came ";
    assert!(run.out.contains(told), "{}", run.out);
}
