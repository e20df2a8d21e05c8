//! Tests of the reports for machines: JUnit, TAP and annotations.

use conformance::report::{to_annotations, to_junit, to_tap};
use conformance::run::{Report, run_suite};
use quick_junit::{NonSuccessKind, TestCaseStatus};

use crate::protocol::{HELLO, TELL, judge, options, suite};
use crate::target::{Quirk, Target, not_listening};

const AGAIN: &str = "conformance run parley 127.0.0.1:1";

/// A scenario that gets the verdict `unsupported`, because it needs a setting that no test gives.
const UNSUPPORTED: &str = r#"
scenario "patience" {
    title "a silent client is closed # in time"
    checks PARLEY-1
    sets patience
    use login alice
    alice < eof
}"#;

fn judged(quirk: Quirk) -> Report {
    let target = Target::start(quirk);
    judge(target.address, &[HELLO, TELL, UNSUPPORTED])
}

fn unjudgeable() -> Report {
    run_suite(&suite(&[HELLO]), not_listening(), &options()).expect("the options name no case")
}

#[test]
fn junit_has_an_entry_per_case_with_its_status() {
    let xml = to_junit(&judged(Quirk::WrongText), AGAIN);
    let read = quick_junit::Report::deserialize_from_str(&xml).expect("the report is JUnit XML");
    let cases = &read.test_suites[0].test_cases;
    let status = |name: &str| {
        let case = cases.iter().find(|case| case.name.as_str() == name);
        &case.expect("it has an entry").status
    };
    assert_eq!(cases.len(), 3);
    assert!(matches!(status("hello"), TestCaseStatus::Success { .. }));
    assert!(matches!(status("patience"), TestCaseStatus::Skipped { .. }));
    let TestCaseStatus::NonSuccess {
        kind: NonSuccessKind::Failure,
        message,
        description,
        ..
    } = status("tell")
    else {
        panic!("{xml}");
    };
    assert!(
        message
            .as_ref()
            .is_some_and(|it| it.contains("something else"))
    );
    assert!(
        description
            .as_ref()
            .is_some_and(|it| it.contains("--only tell"))
    );
    assert!(to_junit(&unjudgeable(), AGAIN).contains("errors=\"1\""));
}

#[test]
fn tap_has_a_line_per_case_and_its_directives() {
    let tap = to_tap(&judged(Quirk::WrongText), AGAIN);
    let lines: Vec<&str> = tap.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(lines[..2], ["TAP version 14", "1..3"]);
    assert_eq!(lines[2], "ok 1 - hello: a new name is welcomed");
    assert!(lines[3].starts_with("not ok 2 - tell:"), "{tap}");
    assert!(lines[4].starts_with("ok 3 - patience: a silent client is closed \\# in time # SKIP "));
    assert_eq!(lines.len(), 5);
    assert!(tap.contains("\n  severity: fail\n") && tap.contains("--only tell"));
    assert!(to_tap(&unjudgeable(), AGAIN).contains("\nBail out! nothing listens on"));
}

#[test]
fn each_annotation_is_one_line_and_the_last_one_has_the_totals() {
    let said = to_annotations(&judged(Quirk::WrongText), AGAIN);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("::error title=parley%3A tell%3A a tell reaches only its target"));
    assert!(lines[0].contains("%0A  got       TELL"), "{said}");
    assert!(
        !lines[0].contains(",file="),
        "the scenario has no file on the disk"
    );
    assert!(lines[1].starts_with("::error title=Parley::"));
    let open = to_annotations(&judged(Quirk::None), AGAIN);
    assert!(open.starts_with("::error title=Parley::No case failed, but 1 MUST"));
    let target = Target::start(Quirk::None);
    let said = to_annotations(&judge(target.address, &[HELLO, TELL]), AGAIN);
    assert!(said.starts_with("::notice title=Parley::") && said.contains("conforms"));
}
