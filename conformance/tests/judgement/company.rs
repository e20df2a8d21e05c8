//! Tests of cases that run at the same time.

use conformance::run::{Cause, Options, Verdict};

use crate::protocol::{HELLO, case, judge_with, options};
use crate::target::{Quirk, Target};

/// The server answers an ASK only when both cases have sent an ASK. So the cases can pass only if they run at the same time,
/// and each of them then receives the messages of the other case.
const PAIR: &str = r#"
fragment meet who {
    who > ASK
    who < NUMBER number=42
}
scenario "left" {
    title "says something while the other case runs"
    checks PARLEY-3
    use login alice
    use meet alice
    alice > SAY name=@alice text="from the left"
    alice < SAY name=@alice text="from the left"
    use meet alice
    alice < silence
}
scenario "right" {
    title "says something while the other case runs"
    checks PARLEY-3
    use login alice
    use meet alice
    alice > SAY name=@alice text="from the right"
    alice < SAY name=@alice text="from the right"
    use meet alice
    alice < silence
}
"#;

#[test]
fn broadcasts_of_another_case_are_skipped() {
    let target = Target::start(Quirk::NumbersForTwo);
    let pair = Options {
        jobs: 2,
        wait: std::time::Duration::from_secs(5),
        only: vec!["left".to_owned(), "right".to_owned()],
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, PAIR], &pair);
    for id in ["left", "right"] {
        let case = case(&report, id);
        assert_eq!(case.verdict, Verdict::Pass, "{report:#?}");
        assert!(case.conversation.iter().any(|event| event.foreign), "{id}");
    }
}

const FLAKY: &str = r#"
scenario "flaky" {
    title "a tell arrives"
    checks PARLEY-2
    use login alice
    alice > TELL sender=@alice target=@alice text="flaky"
    alice < TELL sender=@alice target=@alice text="flaky"
}
"#;

fn flaky(wrong: u32) -> (Verdict, Option<Cause>) {
    let target = Target::start(Quirk::Flaky(wrong));
    let company = Options {
        jobs: 2,
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, FLAKY], &company);
    let case = case(&report, "flaky");
    (case.verdict, case.cause.clone())
}

#[test]
fn a_case_that_fails_both_beside_others_and_alone_gets_the_verdict_fail() {
    assert_eq!(flaky(0b0011), (Verdict::Fail, None));
}

#[test]
fn a_case_that_fails_twice_beside_others_gets_the_verdict_fail_even_if_it_passes_alone() {
    assert_eq!(flaky(0b0101), (Verdict::Fail, None));
}

#[test]
fn a_case_that_fails_once_in_three_runs_is_inconclusive() {
    let cause = Cause::OnlyInCompany { failed: 1, of: 3 };
    assert_eq!(flaky(0b0001), (Verdict::Inconclusive, Some(cause)));
}

/// The server answers the first packets fast, so the runner then hurries.
const LATE: &str = r#"
fragment quick who {
    who > ASK
    who < NUMBER number=42
    who > ASK
    who < NUMBER number=42
    who > ASK
    who < NUMBER number=42
    who > ASK
    who < NUMBER number=42
    who > ASK
    who < NUMBER number=42
}
scenario "quick" {
    title "numbers come fast"
    checks PARLEY-2
    use login alice
    use quick alice
    use quick alice
    use quick alice
    use quick alice
    use quick alice
    use quick alice
    use quick alice
    use quick alice
}
scenario "late" {
    title "a tell arrives"
    checks PARLEY-2
    alone
    use login alice
    alice > TELL sender=@alice target=@alice text="late"
    alice < TELL sender=@alice target=@alice text="late"
}
"#;

#[test]
fn an_answer_that_is_slower_than_the_others_is_waited_for_in_a_second_play() {
    let patient = Options {
        wait: std::time::Duration::from_secs(60),
        ..options()
    };
    let target = Target::start(Quirk::LateTell(std::time::Duration::from_millis(600)));
    let report = judge_with(target.address, &[HELLO, LATE], &patient);
    assert_eq!(case(&report, "late").verdict, Verdict::Pass, "{report:#?}");
    let target = Target::start(Quirk::RelaysTellToNone);
    let report = judge_with(target.address, &[HELLO, LATE], &patient);
    assert_eq!(case(&report, "late").verdict, Verdict::Fail, "{report:#?}");
}

#[test]
fn packets_of_strangers_are_skipped_only_on_a_shared_target() {
    // Alice sends a SAY under an unknown name, and the server relays it. To the runner, this SAY looks like a message from a
    // stranger: a client of another program that uses the same server.
    const STRANGER: &str = r#"
        scenario "stranger" {
            title "a stranger speaks"
            checks PARLEY-3
            use login alice
            alice > SAY name="a stranger" text="hi"
            alice < silence
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge_with(target.address, &[HELLO, STRANGER], &options());
    assert_eq!(case(&report, "stranger").verdict, Verdict::Fail);
    let shared = Options {
        shared_target: true,
        ..options()
    };
    let report = judge_with(target.address, &[HELLO, STRANGER], &shared);
    assert_eq!(case(&report, "stranger").verdict, Verdict::Pass);
}
