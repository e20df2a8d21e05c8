//! Tests of targets that cannot be judged. The tests check which reason the report gives.

use std::time::Duration;

use crate::protocol::{HELLO, judge, judge_with, options, suite_with_names};
use crate::target::{Quirk, Target, not_listening};
use conformance::run::{Options, Verdict, run_suite};
use conformance::suite::Suite;
use rstest::rstest;

fn why(quirk: Quirk) -> String {
    let target = Target::start(quirk);
    // The waits are short. This is safe even on a busy machine: a wait that is too short can only make a target fail, and
    // every target of this function must fail.
    let soon = Options {
        wait: Duration::from_secs(1),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO], &soon);
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    assert!(report.cases.is_empty());
    report.unjudgeable.expect("the report has a reason")
}

#[test]
fn an_address_where_nothing_listens_is_reported() {
    let report = judge(not_listening(), &[HELLO]);
    assert_eq!(report.exit_code(), 3);
    let why = report.unjudgeable.expect("the report has a reason");
    assert!(why.contains("nothing listens"), "{why}");
}

#[test]
fn an_http_server_is_recognised() {
    let why = why(Quirk::Http);
    assert!(
        why.contains("answered \"HTTP/1.1 400 Bad Request\""),
        "{why}"
    );
}

#[test]
fn an_http_server_that_waits_for_a_request_is_recognised() {
    let why = why(Quirk::PatientHttp);
    assert!(
        why.contains("an HTTP server answers at this address"),
        "{why}"
    );
}

#[test]
fn a_server_of_another_known_protocol_is_recognised() {
    // The target speaks Parley. A login of Parley has the same bytes as a login of Chaton, so the report names Chaton.
    let target = Target::start(Quirk::None);
    let suite = Suite::built_in("chatos-1.0").expect("the protocol is built in");
    let report = run_suite(&suite, target.address, &options()).expect("the options name no case");
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    let why = report.unjudgeable.expect("the report has a reason");
    let seems = "it answers a login of the protocol Chaton";
    let try_this = format!("`conformance run chaton {}`", target.address);
    assert!(why.contains(seems) && why.contains(&try_this), "{why}");
}

#[test]
fn a_server_that_sends_nothing_answers_no_login() {
    assert!(why(Quirk::SaysNothing).contains("did not answer a login"));
}

#[test]
fn a_server_that_closes_and_one_that_resets_get_different_reasons() {
    assert!(why(Quirk::Closes).contains("closes the connection"));
    assert!(why(Quirk::Resets).contains("resets the connection"));
}

#[test]
fn invalid_bytes_are_shown() {
    assert!(why(Quirk::Garbage).contains("63 63 63"));
}

#[test]
fn a_server_that_refuses_every_login_fails() {
    let target = Target::start(Quirk::RefusesEveryLogin);
    let report = judge(target.address, &[HELLO]);
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.cases[0].verdict, Verdict::Fail);
}

#[test]
fn a_slow_server_passes_with_a_larger_scale() {
    let target = Target::start(Quirk::Slow(Duration::from_millis(150)));
    let patient = Options {
        wait: Duration::from_millis(100),
        scale: 600.0,
        ..options()
    };
    let report = judge_with(target.address, &[HELLO], &patient);
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    // The server waits much longer than this machine could ever stall, so its answer never arrives in time.
    let target = Target::start(Quirk::Slow(Duration::from_secs(600)));
    let impatient = Options {
        wait: Duration::from_millis(20),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO], &impatient);
    assert_eq!(report.exit_code(), 3);
}

/// A scenario whose steps do not send the name of a lane. So the scenario is correct even if the fields of the protocol are
/// too short for a lane's name.
const ASKS: &str = r#"
scenario "asks" {
    title "a client that asks receives a number"
    checks PARLEY-5
    client alice
    alice > ASK
    alice < NUMBER number=_
}
"#;

#[rstest]
#[case::padded("name SHORT", "size=12 pad=0")]
#[case::one_byte("name SHORT", "size=1 pad=0")]
#[case::bytes("name STRING max-bytes=5", "rest")]
#[case::characters("name STRING max-chars=5", "rest")]
fn a_server_is_checked_with_a_name_that_fits(#[case] field: &str, #[case] layout: &str) {
    let target = Target::start(Quirk::SaysNothing);
    let soon = Options {
        wait: Duration::from_millis(100),
        ..options()
    };
    let suite = suite_with_names(field, layout, &[ASKS]);
    let report = run_suite(&suite, target.address, &soon).expect("the options name no case");
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    let why = report.unjudgeable.expect("the report has a reason");
    assert!(why.contains("did not answer a login"), "{why}");
}

#[test]
fn a_login_that_cannot_be_encoded_is_said() {
    let target = Target::start(Quirk::None);
    let suite = suite_with_names("name SHORT", "ends=\"-\"", &[ASKS]);
    let report = run_suite(&suite, target.address, &options()).expect("the options name no case");
    assert_eq!(report.exit_code(), 3, "{report:#?}");
    let why = report.unjudgeable.expect("the report has a reason");
    assert!(why.contains("HELLO cannot be encoded"), "{why}");
}
