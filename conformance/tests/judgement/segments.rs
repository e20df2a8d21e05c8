//! Tests of runs that divide the same bytes into different segments. The protocol does not say how its bytes are divided
//! into segments. So if a verdict depends on the segments, the target has a fault.

use conformance::run::{Options, Recut, Report, Segments, Verdict};

use crate::protocol::{HELLO, TELL, case, judge_with, options};
use crate::target::{Quirk, Target};

const TWO_SAYS: &str = r#"
scenario "two-says" {
    title "two SAYs in a row arrive in order"
    checks PARLEY-3
    use login alice
    use login bob
    alice > SAY name=@alice text="one"
    alice > SAY name=@alice text="two"
    bob < SAY name=@alice text="one"
    bob < SAY name=@alice text="two"
    alice < SAY name=@alice text="one"
    alice < SAY name=@alice text="two"
}
"#;

fn judge_cut(quirk: Quirk, segments: Segments, scenarios: &[&str]) -> Report {
    let target = Target::start(quirk);
    let cut = Options {
        segments,
        ..options()
    };
    judge_with(target.address, scenarios, &cut)
}

fn recut<'a>(report: &'a Report, id: &str) -> &'a Recut {
    let outcome = case(report, id);
    assert_eq!(outcome.verdict, Verdict::Fail, "{outcome:#?}");
    let recut = outcome.recut.as_ref();
    let recut = recut.unwrap_or_else(|| panic!("its verdict did not change: {outcome:#?}"));
    assert_eq!((recut.whole, recut.cut), (Verdict::Pass, Verdict::Fail));
    recut
}

#[test]
fn a_server_that_needs_a_whole_length_in_one_read_is_found_with_one_cut() {
    for segments in [Segments::InsideLength, Segments::EachByte] {
        let report = judge_cut(Quirk::OneReadIsOneField, segments, &[HELLO]);
        let recut = recut(&report, "hello");
        let [cut] = recut.smallest.as_slice() else {
            panic!("one cut is enough: {recut:#?}");
        };
        assert!(cut.starts_with("alice > HELLO name="), "{cut}");
        if segments == Segments::InsideLength {
            assert!(cut.contains("after byte 3, 00 00 00 | 00 "), "{cut}");
        }
        assert_eq!(report.exit_code(), 1);
    }
}

#[test]
fn a_server_that_needs_a_whole_character_in_one_read_is_found_with_one_cut() {
    let segments = Segments::InsideCharacter;
    let report = judge_cut(Quirk::OneReadIsOneField, segments, &[HELLO, TELL]);
    let recut = recut(&report, "tell");
    let [cut] = recut.smallest.as_slice() else {
        panic!("one cut is enough: {recut:#?}");
    };
    assert!(cut.contains("68 c3 | a9"), "{cut}");
    // The names in this case contain only ASCII characters, which have one byte each, so no cut can divide a character.
    let hello = case(&report, "hello");
    assert_eq!(hello.verdict, Verdict::Pass);
    assert_eq!(hello.recut, None);
}

#[test]
fn a_server_that_needs_a_segment_for_each_frame_is_found() {
    let scenarios = [HELLO, TELL, TWO_SAYS];
    let report = judge_cut(Quirk::OneReadIsOneFrame, Segments::Glued, &scenarios);
    let recut = recut(&report, "two-says");
    let [cut] = recut.smallest.as_slice() else {
        panic!("one pair is enough: {recut:#?}");
    };
    assert!(cut.contains("text=\"one\"; SAY"), "{cut}");
    assert!(cut.ends_with("all in one segment"), "{cut}");
    let hello = case(&report, "hello");
    assert_eq!((hello.verdict, &hello.recut), (Verdict::Pass, &None));
}

#[test]
fn without_glue_every_send_is_a_read_of_its_own() {
    // A fence on the same lane proves the silence after the TELL. So this lane sends twice: first the TELL, then the fence.
    let scenarios = [HELLO, TELL, TWO_SAYS];
    for _ in 0..10 {
        let report = judge_cut(Quirk::OneReadIsOneFrame, Segments::Whole, &scenarios);
        assert_eq!(report.count(Verdict::Pass), 3, "{report:#?}");
    }
}

#[test]
fn every_split_of_a_scenario_is_a_read_of_its_own() {
    const SPLIT: &str = r#"
        scenario "split" {
            title "a HELLO may come in pieces"
            checks PARLEY-1
            client alice
            alice > HELLO name=@alice { split every=1; }
            alice < WELCOME
        }"#;
    for _ in 0..10 {
        let report = judge_cut(Quirk::OneReadIsOneField, Segments::Whole, &[HELLO, SPLIT]);
        assert_eq!(case(&report, "split").verdict, Verdict::Fail, "{report:#?}");
    }
    let report = judge_cut(Quirk::None, Segments::Whole, &[HELLO, SPLIT]);
    assert_eq!(case(&report, "split").verdict, Verdict::Pass, "{report:#?}");
}

#[test]
fn a_correct_server_gets_the_same_verdicts_with_all_segments() {
    let all = [
        Segments::EachByte,
        Segments::Glued,
        Segments::InsideLength,
        Segments::InsideCharacter,
    ];
    for segments in all {
        let report = judge_cut(Quirk::None, segments, &[HELLO, TELL, TWO_SAYS]);
        assert_eq!(report.count(Verdict::Pass), 3, "{report:#?}");
        assert!(report.cases.iter().all(|case| case.recut.is_none()));
    }
}

#[test]
fn a_case_is_not_reported_if_only_the_login_that_it_needs_fails_when_cut() {
    let segments = Segments::InsideLength;
    let report = judge_cut(Quirk::OneReadIsOneField, segments, &[HELLO, TELL]);
    recut(&report, "hello");
    let tell = case(&report, "tell");
    assert_eq!(tell.verdict, Verdict::Pass, "{tell:#?}");
    let told = "with --segments inside-length the case is inconclusive, because of hello";
    assert!(
        tell.notes.iter().any(|note| note == told),
        "{:?}",
        tell.notes
    );
}
