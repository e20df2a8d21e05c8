//! Tests of targets that end during a run.

use conformance::run::{Cause, FailureKind, Verdict};

use crate::protocol::{HELLO, case, judge};
use crate::target::{Quirk, Target};

const HOSTILE: &str = r#"
scenario "unknown-opcode" {
    title "the server does not act on an unknown opcode"
    checks PARLEY-1
    hostile
    use login alice
    alice > raw (hex)"63"
    alice < closed
}
scenario "another-opcode" {
    title "the server does not act on another unknown opcode"
    checks PARLEY-1
    hostile
    use login alice
    alice > raw (hex)"64"
    alice < closed
}
"#;

#[test]
fn the_case_that_killed_the_target_is_named() {
    let target = Target::start(Quirk::DiesOfUnknownOpcodes);
    let report = judge(target.address, &[HELLO, HOSTILE]);
    let guilty = case(&report, "unknown-opcode");
    assert_eq!(guilty.verdict, Verdict::Fail);
    assert_eq!(
        guilty.failure.as_ref().unwrap().kind,
        FailureKind::TargetDied
    );
    let next = case(&report, "another-opcode");
    assert_eq!(next.verdict, Verdict::Inconclusive);
    assert_eq!(
        next.cause,
        Some(Cause::TargetDied("unknown-opcode".to_owned()))
    );
    assert_eq!(case(&report, "hello").verdict, Verdict::Pass);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_target_that_dies_in_the_last_case_is_recognised() {
    // All steps of this case pass, because the case expects that the target closes the connection. But the whole target has
    // ended, and the runner must notice this.
    let last = HOSTILE
        .replace("hostile\n", "")
        .split_once("scenario \"another")
        .expect("two scenarios")
        .0
        .to_owned();
    let target = Target::start(Quirk::DiesOfUnknownOpcodes);
    let report = judge(target.address, &[HELLO, &last]);
    assert_eq!(
        case(&report, "unknown-opcode").verdict,
        Verdict::Fail,
        "{report:#?}"
    );
}

#[test]
fn a_target_that_keeps_running_is_judged_to_the_end() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, HOSTILE]);
    assert_eq!(report.count(Verdict::Pass), 3, "{report:#?}");
}

#[test]
fn a_target_that_dies_while_other_cases_run_is_recognised() {
    let friendly = HOSTILE.replace("hostile\n", "");
    let target = Target::start(Quirk::DiesOfUnknownOpcodes);
    let report = judge(target.address, &[HELLO, &friendly]);
    assert_eq!(
        case(&report, "unknown-opcode")
            .failure
            .as_ref()
            .unwrap()
            .kind,
        FailureKind::TargetDied
    );
    assert_eq!(
        case(&report, "another-opcode").cause,
        Some(Cause::TargetDied("unknown-opcode".to_owned()))
    );
}
