//! Tests of the verdicts pass, fail, non-strict and unsupported, and of the exit codes.

use conformance::run::{Cause, FailureKind, Options, Verdict};

use crate::protocol::{HELLO, TELL, case, judge, judge_with, options};
use crate::target::{Quirk, Target};

const ASK: &str = r#"
scenario "ask" {
    title "a client that asks receives a number"
    checks PARLEY-5
    use login alice
    alice > ASK
    alice < NUMBER number=_
}
"#;

#[test]
fn a_correct_server_passes_everything() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, TELL, ASK]);
    assert_eq!(report.count(Verdict::Pass), 3, "{report:#?}");
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_violated_should_is_non_strict() {
    let target = Target::start(Quirk::NoNumbers);
    let report = judge(target.address, &[HELLO, ASK]);
    let ask = case(&report, "ask");
    assert_eq!(ask.verdict, Verdict::NonStrict);
    assert_eq!(ask.failure.as_ref().unwrap().kind, FailureKind::Timeout);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn half_a_frame_at_the_end_is_a_failure() {
    const LAST: &str = r#"
        scenario "last" {
            title "a TELL is the last thing that arrives"
            checks PARLEY-2
            use login alice
            use login bob
            alice > TELL sender=@alice target=@bob text="hi"
            bob < TELL sender=@alice target=@bob text="hi"
        }"#;
    let target = Target::start(Quirk::HalfAFrameMore);
    let report = judge(target.address, &[HELLO, LAST]);
    let failure = case(&report, "last").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::HalfFrame);
    assert_eq!(failure.lane.as_deref(), Some("bob"));
    assert_eq!(failure.bytes, "03");
}

#[test]
fn a_packet_that_no_step_takes_is_a_failure_at_the_end() {
    // Alice receives the echo of her SAY, but no step of the scenario expects it.
    const LEFT: &str = r#"
        scenario "left" {
            title "an echo that is not taken"
            checks PARLEY-3
            use login alice
            use login bob
            alice > SAY name=@alice text="hi"
            bob < SAY name=@alice text="hi"
            bob > TELL sender=@bob target=@bob text="still there"
            bob < TELL sender=@bob target=@bob text="still there"
            alice > TELL sender=@alice target=@bob text="last"
            bob < TELL sender=@alice target=@bob text="last"
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, LEFT]);
    let left = case(&report, "left");
    assert_eq!(left.verdict, Verdict::Fail);
    let failure = left.failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert_eq!(failure.lane.as_deref(), Some("alice"));
    assert!(left.conversation.iter().any(|event| event.unexpected));
}

#[test]
fn a_case_whose_setting_is_missing_is_unsupported() {
    const LIMIT: &str = r#"
        scenario "limit" {
            title "a scenario can use a setting as a value"
            checks PARLEY-2
            sets limit
            use login alice
            alice > TELL sender=@alice target=@alice text=$limit
            alice < TELL sender=@alice target=@alice text=$limit
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, LIMIT]);
    let limit = case(&report, "limit");
    assert_eq!(limit.verdict, Verdict::Unsupported);
    assert_eq!(
        limit.cause,
        Some(Cause::MissingSettings(vec!["limit".to_owned()]))
    );
    assert_eq!(report.exit_code(), 4);
    let set = Options {
        settings: [("limit".to_owned(), "60s".to_owned())].into(),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, LIMIT], &set);
    assert_eq!(case(&report, "limit").verdict, Verdict::Pass, "{report:#?}");
}

#[test]
fn a_flood_ends_the_case_but_not_the_runner() {
    // The server never stops sending WELCOME. So every login gets its answer, but after the answer far too many packets
    // arrive.
    let target = Target::start(Quirk::Floods);
    let report = judge(target.address, &[HELLO]);
    assert_eq!(report.exit_code(), 1, "{report:#?}");
    let failure = case(&report, "hello").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
}
