//! Who cannot be judged, and what is said about them.

use std::time::Duration;

use crate::protocol::{HELLO, judge, judge_with, options};
use crate::target::{Quirk, Target, nobody};
use conformance::run::{Options, Verdict, run_suite};
use conformance::suite::Suite;

fn why(quirk: Quirk) -> String {
    let target = Target::start(quirk);
    // Nobody passes here, so there is nothing that a busy machine could hide.
    let soon = Options {
        wait: Duration::from_secs(1),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO], &soon);
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    assert!(report.cases.is_empty());
    report.unjudgeable.expect("a reason")
}

#[test]
fn nothing_listens() {
    let report = judge(nobody(), &[HELLO]);
    assert_eq!(report.exit_code(), 3);
    let why = report.unjudgeable.expect("a reason");
    assert!(why.contains("nothing listens"), "{why}");
}

#[test]
fn an_http_server_is_called_one() {
    let why = why(Quirk::Http);
    assert!(
        why.contains("answered \"HTTP/1.1 400 Bad Request\""),
        "{why}"
    );
}

#[test]
fn an_http_server_that_waits_for_a_request_is_called_one_too() {
    let why = why(Quirk::PatientHttp);
    assert!(why.contains("an HTTP server answers there"), "{why}");
}

#[test]
fn a_server_of_another_protocol_that_is_known_is_recognised() {
    // A login of Parley is the same bytes as one of Chaton.
    let target = Target::start(Quirk::None);
    let suite = Suite::built_in("chatos-1.0").expect("it is compiled in");
    let report = run_suite(&suite, target.address, &options()).expect("nothing is named");
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    let why = report.unjudgeable.expect("a reason");
    let seems = "it answers a login of Chaton";
    let try_this = format!("`conformance run chaton {}`", target.address);
    assert!(why.contains(seems) && why.contains(&try_this), "{why}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    assert!(why(Quirk::SaysNothing).contains("answers no login"));
}

#[test]
fn a_server_that_closes_is_told_from_one_that_resets() {
    assert!(why(Quirk::Closes).contains("closes the connection"));
    assert!(why(Quirk::Resets).contains("resets the connection"));
}

#[test]
fn garbage_is_shown() {
    assert!(why(Quirk::Garbage).contains("63 63 63"));
}

#[test]
fn a_login_that_is_always_refused_is_a_failure_and_not_silence() {
    let target = Target::start(Quirk::RefusesEverybody);
    let report = judge(target.address, &[HELLO]);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.cases[0].verdict, Verdict::Fail);
}

#[test]
fn slow_is_not_wrong_with_a_larger_scale() {
    let target = Target::start(Quirk::Slow(Duration::from_millis(150)));
    let patient = Options {
        wait: Duration::from_millis(100),
        scale: 600.0,
        ..options()
    };
    let report = judge_with(target.address, &[HELLO], &patient);
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    // So slow that no stall of this machine makes it look fast.
    let target = Target::start(Quirk::Slow(Duration::from_secs(600)));
    let impatient = Options {
        wait: Duration::from_millis(20),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO], &impatient);
    assert_eq!(report.exit_code(), 3);
}
