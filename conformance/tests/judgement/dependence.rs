//! Tests that a fault of the target counts only once, even if it makes several cases fail. A case that fails only because
//! another case fails does not count against the target.

use conformance::run::{Cause, Options, Verdict};

use rstest::rstest;

use crate::protocol::{HELLO, TELL, case, judge, judge_with, options};
use crate::target::{Quirk, Target};

#[test]
fn cases_that_need_a_broken_login_are_inconclusive() {
    let target = Target::start(Quirk::RefusesEveryLogin);
    let report = judge(target.address, &[HELLO, TELL]);
    assert_eq!(case(&report, "hello").verdict, Verdict::Fail);
    let tell = case(&report, "tell");
    assert_eq!(tell.verdict, Verdict::Inconclusive);
    assert_eq!(tell.cause, Some(Cause::Case("hello".to_owned())));
    assert_eq!(report.causes(), [("hello", 1)]);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn the_cause_is_the_first_case_of_a_chain() {
    const CHAIN: &str = r#"
        fragment talk from to {
            proved-by "tell"
            from > TELL sender=@from target=@to text="hi"
            to < TELL sender=@from target=@to text="hi"
        }
        fragment know a b {
            proved-by "know"
            use login a
            use login b
            use talk a b
        }
        scenario "know" {
            title "two clients exchange a message"
            checks PARLEY-2
            use know alice bob
        }
        scenario "after" {
            title "two clients that have exchanged a message go on"
            checks PARLEY-2
            use know alice bob
        }"#;
    let target = Target::start(Quirk::RelaysTellToNone);
    let report = judge(target.address, &[HELLO, TELL, CHAIN]);
    assert_eq!(case(&report, "tell").verdict, Verdict::Fail);
    for id in ["know", "after"] {
        assert_eq!(
            case(&report, id).cause,
            Some(Cause::Case("tell".to_owned())),
            "{id}"
        );
    }
    assert_eq!(report.causes(), [("tell", 2)]);
}

#[rstest]
#[case::lost(Quirk::RelaysTellToNone)]
#[case::garbled(Quirk::GarblesTell)]
fn a_lost_or_garbled_fence_has_as_its_cause_the_case_that_judges_fences(#[case] quirk: Quirk) {
    const QUIET: &str = r#"
        scenario "quiet" {
            title "after a login the client receives nothing more"
            checks PARLEY-1
            use login alice
            alice < silence
        }"#;
    let target = Target::start(quirk);
    let report = judge(target.address, &[HELLO, TELL, QUIET]);
    let quiet = case(&report, "quiet");
    assert_eq!(quiet.verdict, Verdict::Inconclusive);
    assert_eq!(quiet.cause, Some(Cause::Case("tell".to_owned())));
}

#[test]
fn a_lost_fence_is_the_cause_also_if_the_silence_is_an_alternative() {
    const EITHER: &str = r#"
        scenario "either" {
            title "after a login the client receives a number, or nothing more"
            checks PARLEY-1
            use login alice
            alice < either {
                case "sends a number" { NUMBER number=_ }
                case "sends nothing" { silence }
            }
        }"#;
    let target = Target::start(Quirk::RelaysTellToNone);
    let report = judge(target.address, &[HELLO, TELL, EITHER]);
    let either = case(&report, "either");
    assert_eq!(either.verdict, Verdict::Inconclusive, "{either:#?}");
    assert_eq!(either.cause, Some(Cause::Case("tell".to_owned())));
}

#[test]
fn a_fragment_that_fails_in_several_cases_is_not_played_in_all_others() {
    let cases: Vec<String> = (1..=5)
        .map(|number| {
            format!(
                r#"scenario "case-{number}" {{
                    title "a client asks for a number"
                    checks PARLEY-1
                    use login alice
                    alice > ASK
                    alice < NUMBER number=42
                }}"#
            )
        })
        .collect();
    let mut scenarios = vec![HELLO];
    scenarios.extend(cases.iter().map(String::as_str));
    let target = Target::start(Quirk::RefusesEveryLogin);
    let one_by_one = Options {
        jobs: 1,
        ..options()
    };
    let report = judge_with(target.address, &scenarios, &one_by_one);
    let dependent: Vec<_> = report.cases.iter().filter(|it| it.id != "hello").collect();
    for case in &dependent {
        assert_eq!(
            case.cause,
            Some(Cause::Case("hello".to_owned())),
            "{}",
            case.id
        );
    }
    let played = dependent.iter().filter(|case| case.began.is_some());
    assert_eq!(played.count(), 3);
}

#[test]
fn a_fence_that_reaches_the_wrong_client_has_as_its_cause_the_case_that_judges_fences() {
    const BYSTANDER: &str = r#"
        scenario "bystander" {
            title "a client that says nothing receives nothing"
            checks PARLEY-1
            use login alice
            use login bob
            bob < silence after=alice
            alice < silence after=bob
        }"#;
    let target = Target::start(Quirk::RelaysTellToAll);
    let report = judge(target.address, &[HELLO, TELL, BYSTANDER]);
    assert_eq!(case(&report, "tell").verdict, Verdict::Fail);
    let bystander = case(&report, "bystander");
    assert_eq!(bystander.cause, Some(Cause::Case("tell".to_owned())));
}

#[test]
fn one_selected_case_also_runs_its_prerequisites() {
    let target = Target::start(Quirk::None);
    let only = Options {
        only: vec!["tell".to_owned()],
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, TELL], &only);
    assert!(case(&report, "hello").prerequisite);
    assert!(!case(&report, "tell").prerequisite);
}

#[test]
fn an_unknown_id_is_an_error_that_names_it() {
    let target = Target::start(Quirk::None);
    let only = Options {
        only: vec!["tel".to_owned()],
        ..options()
    };
    let suite = crate::protocol::suite(&[HELLO, TELL]);
    let error = conformance::run::run_suite(&suite, target.address, &only).unwrap_err();
    let said = "there is no scenario tel: did you mean tell?";
    assert_eq!(error.to_string(), said);
}
