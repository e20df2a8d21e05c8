//! Tests of the explanation that the report gives for a failure.

use conformance::report::{
    Detail, Paint, Style, conclusion, render, to_annotations, to_json, to_junit, to_tap,
};
use conformance::run::{Failure, Report, Verdict};

use crate::protocol::{HELLO, TELL, case, judge};
use crate::target::{Quirk, Target};

fn judged(quirk: Quirk) -> Report {
    let target = Target::start(quirk);
    judge(target.address, &[HELLO, TELL])
}

fn failure_of_tell(report: &Report) -> &Failure {
    case(report, "tell").failure.as_ref().expect("it failed")
}

#[test]
fn the_field_that_differs_is_marked_with_its_offset() {
    let report = judged(Quirk::WrongText);
    let failure = failure_of_tell(&report);
    let wrong: Vec<_> = failure
        .fields
        .iter()
        .filter(|field| field.differs)
        .collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].name, "text");
    assert_eq!(wrong[0].value, "\"something else\"");
    assert_eq!(wrong[0].expected.as_deref(), Some("\"hé\""));
    // Before the text, the frame has the opcode, and two names of 12 and 10 bytes. Each name has a length field of 4 bytes.
    assert_eq!(wrong[0].offset, 1 + 16 + 14);
    let step = failure.step.as_ref().expect("a step");
    assert_eq!(step.file, "scenarios/1.kdl");
    assert_eq!(step.line, 9);
}

#[test]
fn usual_mistakes_get_a_hint() {
    for (quirk, cause) in [
        (Quirk::CountsCharacters, "counts characters"),
        (Quirk::LittleEndian, "little-endian"),
    ] {
        let report = judged(quirk);
        let hint = failure_of_tell(&report).hint.as_deref().unwrap_or_default();
        assert!(hint.contains(cause), "{quirk:?}: {hint:?}");
    }
}

/// What the reports say about a server that counts characters.
const CAUSE: &str = "server sends frames in which the length of the text counts characters; it must count bytes of UTF-8";

fn style() -> Style {
    Style {
        detail: Detail::Usual,
        paint: Paint::Plain,
        rerun: "conformance run parley 127.0.0.1:1".to_owned(),
    }
}

#[test]
fn after_the_verdicts_the_terminal_shows_the_causes_first() {
    let told = conclusion(&judged(Quirk::CountsCharacters), &style());
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[..2],
        ["", "1 thing to repair explains the only failure:"]
    );
    assert_eq!(lines[2], format!("  1. The {CAUSE}"));
    assert_eq!(lines[3], "     PARLEY-2; 1 failure: tell");
    assert_eq!(lines[5], "FAIL tell: a tell reaches only its target");
    let told = conclusion(&judged(Quirk::WrongText), &style());
    assert!(!told.contains("to repair"), "{told}");
}

#[test]
fn forty_failures_fit_into_150_lines_and_each_is_told() {
    let target = Target::start(Quirk::WrongText);
    let copy =
        |number: usize| TELL.replace("scenario \"tell\"", &format!("scenario \"tell-{number}\""));
    let copies: Vec<String> = (1..=40).map(copy).collect();
    let scenarios: Vec<&str> = copies.iter().map(String::as_str).collect();
    let report = judge(target.address, &[&[HELLO], &scenarios[..]].concat());
    assert_eq!(report.count(Verdict::Fail), 40);
    let told = conclusion(&report, &style());
    assert!(told.lines().count() <= 150, "{told}");
    for case in 1..=40 {
        assert!(
            told.contains(&format!("FAIL tell-{case}: ")),
            "{case}: {told}"
        );
    }
    let verbose = Style {
        detail: Detail::Verbose,
        ..style()
    };
    let rerun = conclusion(&report, &verbose).matches("  rerun  ").count();
    assert_eq!(rerun, 40);
}

#[test]
fn every_report_names_the_cause_of_a_failure() {
    let report = judged(Quirk::CountsCharacters);
    let again = "conformance run parley 127.0.0.1:1";
    for text in [
        render(&report, &style()),
        to_junit(&report, again),
        to_tap(&report, again),
        to_annotations(&report, again),
    ] {
        let named = format!("cause     1. the {CAUSE} (PARLEY-2)");
        assert!(text.contains(&named), "{text}");
    }
}

#[test]
fn the_json_report_has_the_causes() {
    let json = to_json(&judged(Quirk::CountsCharacters));
    let json: serde_json::Value = serde_json::from_str(&json).expect("the report is JSON");
    let cause = &json["causes"][0];
    assert_eq!(
        cause["id"],
        "sends-frames-in-which-the-length-of-the-text-counts"
    );
    assert_eq!(cause["evidence"], "bytes");
    assert_eq!(cause["breaks"], "PARLEY-2");
    assert_eq!(cause["explains"], serde_json::json!(["tell"]));
    assert_eq!(cause["hides"], serde_json::json!([]));
    assert_eq!(json["unexplained"], serde_json::json!([]));
    assert_eq!(json["diagnosis"][0]["explained"], 1);
}

#[test]
fn the_terminal_report_shows_the_requirement_the_field_the_ladder_and_the_command() {
    let report = judged(Quirk::WrongText);
    let text = render(&report, &style());
    for part in [
        "FAIL tell: a tell reaches only its target",
        "PARLEY-2 (must, section 2) A TELL reaches only its target.",
        "scenarios/1.kdl:9",
        "expected  on bob: TELL sender=\"alice-",
        "<-- expected \"hé\"",
        "alice --> TELL sender=",
        "rerun     conformance run parley 127.0.0.1:1 --only tell",
        "2 cases",
        "does not conform to Parley: 1 case failed: tell.",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(!text.contains('\x1b'));
}

#[test]
fn the_json_report_has_its_documented_fields() {
    let report = judged(Quirk::WrongText);
    let json: serde_json::Value =
        serde_json::from_str(&to_json(&report)).expect("the report is JSON");
    assert_eq!(json["format"], 1);
    assert_eq!(json["protocol"], "parley");
    assert_eq!(json["target"], report.target.to_string());
    assert_eq!(json["exit_code"], 1);
    let tell = json["cases"]
        .as_array()
        .and_then(|cases| cases.iter().find(|case| case["id"] == "tell"))
        .expect("the report has the case");
    assert_eq!(tell["verdict"], "fail");
    assert_eq!(tell["requirements"][0]["id"], "PARLEY-2");
    assert_eq!(tell["requirements"][0]["level"], "must");
    assert_eq!(tell["failure"]["kind"], "mismatch");
    assert_eq!(tell["failure"]["fields"][3]["name"], "text");
    assert_eq!(tell["failure"]["fields"][3]["differs"], true);
    assert_eq!(tell["conversation"][0]["direction"], "does");
    assert_eq!(tell["cause"], serde_json::Value::Null);
}
