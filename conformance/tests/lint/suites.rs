//! Tests of whole suites: the warnings of lint, the steps that the suite makes from the text of a scenario, and the built-in
//! protocols.

use std::fs;
use std::time::Duration;

use conformance::grammar::{Choices, Side, Value};
use conformance::scenario::{
    Action, Bound, Company, Cut, Expr, Incoming, LaneId, Outgoing, Pattern, Scenario, Step,
};
use conformance::source::Severity;
use conformance::suite::Suite;
use rstest::rstest;

use super::{SHARED, SPEC, WIRE, assert_found, in_scenario, suite, unmark};

const EVERYTHING: &str = include_str!("../data/echo/scenarios/all.kdl");

#[test]
fn the_built_in_protocols_have_no_mistakes() {
    for name in Suite::built_in_names() {
        let suite = Suite::built_in(name).expect("it is named");
        assert_eq!(suite.name, name);
        assert!(!suite.requirements.is_empty() && !suite.scenarios.is_empty());
    }
    assert!(Suite::built_in("nothing").is_none());
}

#[rstest]
#[case::unused_fragment(
    "«fragment a who { client who; }",
    "no scenario uses fragment a",
    "use a"
)]
#[case::last_send(
    "scenario \"a\" { title \"t\"; checks ECHO-1; client a; «a > HELLO name=@a; }",
    "the effect of the last send",
    "silence"
)]
fn a_suspicious_step_is_a_warning(#[case] source: &str, #[case] message: &str, #[case] help: &str) {
    let (text, place) = unmark(source);
    let probes = "probe width { title \"t\"; client a; a < closed; }\nprobe mirror { title \"t\"; client a; a < closed; }";
    let suite = suite(SPEC, WIRE, &[SHARED, &text, probes]).expect("the suite has no mistakes");
    assert_found(
        &suite.warnings,
        Severity::Warning,
        "scenarios/1.kdl",
        place,
        message,
        help,
    );
}

#[test]
fn requirements_and_readings_that_nothing_checks_are_warnings() {
    let scenarios = "scenario \"a\" { title \"t\"; checks ECHO-1; client a; }\nprobe width { title \"t\"; client a; }";
    let suite = suite(SPEC, WIRE, &[scenarios]).expect("the suite has no mistakes");
    let messages: Vec<_> = suite
        .warnings
        .0
        .iter()
        .map(|warning| warning.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "no scenario checks ECHO-3",
            "no probe finds out which choice of the reading mirror a server follows"
        ]
    );
    assert_eq!(suite.coverage().checked(), 2);
    assert!(
        suite
            .coverage()
            .to_string()
            .contains("! ECHO-3  may     no case checks it")
    );
}

#[test]
fn every_word_of_the_language_is_read() {
    let suite = suite(SPEC, WIRE, &[EVERYTHING]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(suite.warnings.0, []);
    let everything = suite.scenario("everything").expect("it exists");
    assert_eq!(everything.company, Company::Alone);
    assert!(everything.hostile);
    assert_eq!(everything.sets, ["patience"]);
    let probe = suite.scenario("probe-width").expect("it exists");
    assert_eq!(probe.probes.as_deref(), Some("width"));
    assert_eq!(
        suite.scenario("number").expect("it exists").company,
        Company::Lock("numbers".to_owned())
    );
}

fn only_scenario(steps: &str) -> Scenario {
    let suite = suite(SPEC, WIRE, &[SHARED, &in_scenario(steps)])
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    suite.scenario("case").expect("it exists").clone()
}

/// Returns the steps of this text without its first two steps, which open the lanes.
fn steps(written: &str) -> Vec<Step> {
    only_scenario(written).steps.split_off(2)
}

#[test]
fn repetitions_are_unrolled_with_their_counter() {
    let steps = steps(
        "repeat 2 as=i { alice > SAY name=@alice text=(each)\"line $i of $5\"; alice < NUMBER id=?n$i; alice > TAKE id=$i; }",
    );
    let texts: Vec<_> = steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "alice > SAY name=@alice text=\"line 1 of $5\"",
            "alice < NUMBER id=?n1",
            "alice > TAKE id=1",
            "alice > SAY name=@alice text=\"line 2 of $5\"",
            "alice < NUMBER id=?n2",
            "alice > TAKE id=2",
        ]
    );
}

#[test]
fn the_steps_of_a_fragment_know_their_line_and_the_scenario_that_proves_them() {
    let steps = steps("use hello carol");
    let says = &steps[1];
    assert_eq!((says.file.as_str(), says.line), ("scenarios/0.kdl", 5));
    assert_eq!(says.text, "carol > HELLO name=@carol");
    assert_eq!(&SHARED[says.span.clone()], "who > HELLO name=@who");
    assert_eq!(says.proved_by.as_deref(), Some("hello"));
    assert!(matches!(
        &says.action,
        Action::Send {
            lane: LaneId(2),
            ..
        }
    ));
    let suite = suite(SPEC, WIRE, &[SHARED]).expect("the source has no mistakes");
    let prover = suite.scenario("hello").expect("it exists");
    assert!(
        prover.steps.iter().all(|step| step.proved_by.is_none()),
        "no scenario proves itself"
    );
}

#[test]
fn values_become_expressions_and_patterns() {
    let steps = steps(
        "alice < SAY name=@bob text=?said { within \"1.5s\" }\n alice > SAY name=@alice text=$said { split at=\"3 7\" }\n bob < SAY name=_ text=(x3)\"ab\"",
    );
    let Action::Expect {
        what: Incoming::Frame(frame),
        within,
        ..
    } = &steps[0].action
    else {
        panic!("{:?}", steps[0])
    };
    assert_eq!(*within, Some(Bound::Fixed(Duration::from_millis(1500))));
    assert!(
        matches!(frame.fields.as_slice(), [Pattern::Is(Expr::NameOf(LaneId(1))), Pattern::Bind(name)] if name == "said")
    );
    let Action::Send { what, cut, .. } = &steps[1].action else {
        panic!("{:?}", steps[1])
    };
    assert_eq!(*cut, Cut::At(vec![3, 7]));
    assert!(
        matches!(what.as_slice(), [Outgoing::Packet { fields, .. }] if matches!(&fields[1], Expr::Remembered(name) if name == "said"))
    );
    let Action::Expect {
        what: Incoming::Frame(frame),
        ..
    } = &steps[2].action
    else {
        panic!("{:?}", steps[2])
    };
    assert!(
        matches!(&frame.fields[1], Pattern::Is(Expr::Literal(Value::Text(text))) if text == "ababab")
    );
}

#[test]
fn together_groups_steps_by_lane() {
    let steps = steps(
        "together { alice > HELLO name=@alice; bob > HELLO name=@bob; alice < WELCOME; bob < WELCOME; }",
    );
    let Action::Together(lanes) = &steps[0].action else {
        panic!("{:?}", steps[0])
    };
    let texts: Vec<Vec<&str>> = lanes
        .iter()
        .map(|lane| lane.iter().map(|step| step.text.as_str()).collect())
        .collect();
    assert_eq!(
        texts,
        [
            ["alice > HELLO name=@alice", "alice < WELCOME"],
            ["bob > HELLO name=@bob", "bob < WELCOME"]
        ]
    );
}

#[rstest]
#[case::bound_in_both_readings(
    "when mirror=yes { alice < NUMBER id=?n; }\n when mirror=no { bob < NUMBER id=?n; }\n alice > TAKE id=$n\n alice < closed"
)]
#[case::bound_in_this_reading(
    "when mirror=yes { alice < NUMBER id=?n; }\n when mirror=yes { alice > TAKE id=$n; alice < closed; }"
)]
#[case::fits_in_this_reading("when width=8 { alice > TAKE id=2147483648; }\n alice < closed")]
#[case::closed_in_one_case(
    "alice < either { case \"a\" { closed; }; case \"b\" { WELCOME; }; }\n alice < WELCOME"
)]
#[case::sends_after_eof("alice < eof\n alice > HELLO name=@alice\n alice < reset")]
#[case::a_second_connection("alice > close\n client alice\n alice < WELCOME")]
#[case::a_race_that_is_said(
    "together { alice > HELLO name=@alice; bob > HELLO name=@alice; }\n alice < WELCOME"
)]
#[case::compares_when_known(
    "together { alice < NUMBER id=?n; bob < NUMBER id=?n; }\n distinct $n $m"
)]
#[case::quotes_make_text("alice > SAY name=\"@alice\" text=\"?x $y _\"\n alice < closed")]
#[case::comments(
    "/* a /* b */ c */ alice < WELCOME // d\n /-alice < closed\n alice < WELCOME \\\n { within \"5s\" }"
)]
#[case::unused_name("alice < NUMBER id=?n")]
fn a_scenario_without_mistakes_is_accepted(#[case] written: &str) {
    if written.contains("$m") {
        return assert_eq!(only_scenario("together { alice < NUMBER id=?n; bob < NUMBER id=?n; }\n alice > TAKE id=$n\n alice < closed").lanes.len(), 2);
    }
    only_scenario(written);
}

#[test]
fn the_grammar_of_a_file_encodes_in_each_reading() {
    let suite = suite(SPEC, WIRE, &[SHARED]).expect("the source has no mistakes");
    let take = suite.grammar.packet_named("TAKE").expect("it exists");
    let four = Choices::from([("width".to_owned(), "4".to_owned())]);
    let encoded = suite
        .grammar
        .in_reading(&four)
        .encode(Side::Client, take, &[Value::Int(1)]);
    assert_eq!(encoded, Ok(vec![5, 0, 0, 0, 1]));
    assert!(suite.grammar.identified_by.is_some() && suite.grammar.fence_unidentified.is_some());
}

#[test]
fn a_missing_fence_is_told_only_to_a_protocol_whose_lanes_need_it() {
    let (head, fences) = WIRE.split_at(WIRE.find("    fence {").expect("it has a fence"));
    let (identified, rest) = fences.split_at(fences.find("    fence un").expect("it has both"));
    let unidentified = rest.trim_end().trim_end_matches('}');
    let without_identification = head.replace("identified-by WELCOME", "");
    let told = |head: &str, fences: &str| {
        let wire = format!("{head}{fences}}}\n");
        let suite = suite(SPEC, &wire, &[SHARED]);
        let warnings = suite.unwrap_or_else(|found| panic!("{found}")).warnings;
        let about = |message: &&String| message.contains("fence");
        let messages = warnings.0.iter().map(|it| &it.message);
        messages.filter(about).cloned().collect::<Vec<_>>()
    };
    let nothing: [&str; 0] = [];
    assert_eq!(told(head, &format!("{identified}{unidentified}")), nothing);
    assert_eq!(told(head, identified), nothing);
    let other_lanes = ["there is no fence for identified lanes"];
    assert_eq!(told(head, unidentified), other_lanes);
    assert_eq!(told(&without_identification, unidentified), nothing);
    let both = format!("{identified}{unidentified}");
    let unused = ["no lane is ever identified, so no lane uses this fence"];
    assert_eq!(told(&without_identification, &both), unused);
    assert_eq!(told(head, ""), ["the protocol has no fence"]);
}

#[test]
fn an_extra_file_of_scenarios_uses_the_fragments_of_the_suite() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = folder.path().join("mine.kdl");
    fs::write(
        &path,
        "scenario \"mine\" { title \"t\"; checks ECHO-1; use hello alice; }",
    )
    .expect("the file can be written");
    let whole = suite(SPEC, WIRE, &[SHARED]).expect("the source has no mistakes");
    let with_mine = whole
        .clone()
        .with_file(&path)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(
        with_mine
            .scenario("mine")
            .map(|scenario| scenario.file.clone()),
        Some(path.display().to_string())
    );
    assert!(whole.clone().with_file(folder.path()).is_ok());
    fs::write(
        &path,
        "scenario \"hello\" { title \"t\"; checks ECHO-1; use hello alice; }",
    )
    .expect("the file can be written");
    assert!(
        whole
            .clone()
            .with_file(&path)
            .expect_err("the id is taken")
            .to_string()
            .contains("a second scenario hello")
    );
    assert!(
        whole
            .with_file(&folder.path().join("none.kdl"))
            .expect_err("no such file")
            .to_string()
            .contains("cannot read the file")
    );
}

#[test]
fn a_folder_that_is_no_suite_is_an_error_that_names_the_missing_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let mistakes = Suite::read_folder(folder.path()).expect_err("it is empty");
    assert_eq!(mistakes.errors(), 3);
    assert!(
        mistakes
            .to_string()
            .contains("a suite is a folder with spec.md, wire.kdl and scenarios/*.kdl"),
        "{mistakes}"
    );
    assert!(Suite::find("no-such-protocol").is_err());
}
