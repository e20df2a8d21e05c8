//! Tests of facts about a target that the user tells the runner: known deviations, unsupported cases and readings. Also
//! tests of the time limit of a run.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use conformance::report::{to_annotations, to_json, to_junit, to_tap};
use conformance::run::{Cause, Options, Verdict, run_suite};

use crate::protocol::{HELLO, TELL, case, judge_with, options};
use crate::target::{Quirk, Target};

const TWO_NUMBERS: &str = r#"
probe number-width {
    title "the server sends a number of this width"
    use login alice
    alice > ASK
    alice < NUMBER number=42
}
scenario "number" {
    title "a client that asks receives a number"
    checks PARLEY-5
    use login alice
    alice > ASK
    alice < NUMBER number=42
}
"#;

fn listed(id: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(id.to_owned(), "ticket 12".to_owned())])
}

#[test]
fn a_known_deviation_does_not_count_as_a_failure_but_one_that_no_longer_occurs_does() {
    let target = Target::start(Quirk::RelaysTellToNone);
    let known = |id| Options {
        known: listed(id),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, TELL], &known("tell"));
    assert_eq!(case(&report, "tell").verdict, Verdict::Fail);
    assert_eq!(case(&report, "tell").known.as_deref(), Some("ticket 12"));
    assert_eq!(report.exit_code(), 0);
    let tap = to_tap(&report, "");
    assert!(tap.contains("\nnot ok 2 - tell: "), "{tap}");
    assert!(tap.contains(" # TODO ticket 12\n"), "{tap}");
    let junit = to_junit(&report, "");
    assert!(junit.contains("failures=\"0\""), "{junit}");
    assert!(junit.contains("known deviation: ticket 12"), "{junit}");
    let annotations = to_annotations(&report, "");
    assert!(!annotations.contains("::error"), "{annotations}");
    let report = judge_with(target.address, &[HELLO], &known("hello"));
    assert_eq!(report.stale(), ["hello"]);
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_known_deviation_excuses_failures_only() {
    let sets_word = TELL.replacen("checks", "sets word\n    checks", 1);
    let target = Target::start(Quirk::None);
    let known = Options {
        known: listed("tell"),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, &sets_word], &known);
    assert_eq!(case(&report, "tell").verdict, Verdict::Unsupported);
    assert_eq!(report.exit_code(), 4);
}

#[test]
fn a_run_of_some_cases_says_that_the_server_conforms_in_the_selected_cases() {
    let target = Target::start(Quirk::None);
    let suite = crate::protocol::suite(&[HELLO, TELL]);
    let sentence = |skip: &[&str]| {
        let some = Options {
            skip: skip.iter().map(|id| (*id).to_owned()).collect(),
            ..options()
        };
        let report = run_suite(&suite, target.address, &some).expect("the suite has the case");
        assert_eq!(report.exit_code(), 0);
        let json = to_json(&report);
        let json: serde_json::Value = serde_json::from_str(&json).expect("the report is JSON");
        json["sentence"].to_string()
    };
    assert!(!sentence(&[]).contains(" in the selected cases"));
    assert!(sentence(&["tell"]).contains("conforms to Parley in the selected cases"));
}

#[test]
fn a_case_that_is_declared_unsupported_is_not_run() {
    let target = Target::start(Quirk::RelaysTellToNone);
    let unsupported = Options {
        unsupported: listed("tell"),
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, TELL], &unsupported);
    let tell = case(&report, "tell");
    assert_eq!(tell.verdict, Verdict::Unsupported);
    assert_eq!(tell.cause, Some(Cause::Declared("ticket 12".to_owned())));
    assert!(tell.conversation.is_empty());
    assert_eq!(report.exit_code(), 0);
    let json = to_json(&report);
    let told = "except for 1 case that the profile excludes.";
    assert!(json.contains(told), "{json}");
}

#[test]
fn only_the_known_choice_of_a_reading_is_tried() {
    let target = Target::start(Quirk::ShortNumbers);
    let scenarios = [HELLO, TWO_NUMBERS];
    let found = judge_with(target.address, &scenarios, &options());
    assert_eq!(found.readings[0].choice, "4");
    let in_reading = |choice: &str| Options {
        readings: BTreeMap::from([("number-width".to_owned(), choice.to_owned())]),
        ..options()
    };
    let report = judge_with(target.address, &scenarios, &in_reading("4"));
    assert!(report.readings[0].proved);
    let report = judge_with(target.address, &scenarios, &in_reading("8"));
    assert_eq!(report.readings[0].choice, "8");
    assert!(!report.readings[0].proved);
    // The requirement here is a SHOULD: a server should answer an ASK with a number.
    assert_eq!(case(&report, "number").verdict, Verdict::NonStrict);
}

#[test]
fn a_run_stops_at_its_time_limit_and_lists_the_cases_that_it_did_not_judge() {
    // The target never answers an ASK, so the run reaches its time limit.
    let target = Target::start(Quirk::NoNumbers);
    let limit = Duration::from_millis(1500);
    let limited = Options {
        time_limit: Some(limit),
        wait: Duration::from_secs(600),
        ..options()
    };
    let began = Instant::now();
    let number = TWO_NUMBERS
        .split_once("scenario")
        .expect("the text has a scenario")
        .1;
    let number = format!("scenario{number}");
    let report = judge_with(target.address, &[HELLO, &number], &limited);
    assert!(began.elapsed() < Duration::from_secs(300));
    let number = case(&report, "number");
    assert_eq!(number.verdict, Verdict::Inconclusive);
    assert_eq!(number.cause, Some(Cause::TimeLimit));
    assert_eq!(
        number.cause.as_ref().map(ToString::to_string).as_deref(),
        Some("because the run reached its time limit")
    );
}

#[test]
fn a_seed_gives_a_case_the_same_names_no_matter_which_other_cases_run() {
    let names = |only: &[&str], jobs| {
        let target = Target::start(Quirk::None);
        let some = Options {
            only: only.iter().map(|id| (*id).to_owned()).collect(),
            jobs,
            seed: Some(7),
            ..options()
        };
        let report = judge_with(target.address, &[HELLO, TELL], &some);
        let conversation = &case(&report, "tell").conversation;
        let told = conversation.iter().map(|event| event.text.clone());
        let mut connects: Vec<String> = told.filter(|text| text.starts_with("connects")).collect();
        connects.sort();
        assert!(!connects.is_empty());
        connects
    };
    assert_eq!(names(&[], 8), names(&["tell"], 1));
}
