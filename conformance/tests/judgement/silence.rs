//! Tests of silence: the runner uses a fence to prove that a target sends nothing.

use conformance::run::{FailureKind, Report, Verdict, run_suite};
use conformance::suite::Suite;

use crate::protocol::{
    HELLO, TELL, case, judge, options, suite, suite_with_answers, suite_with_loud_fences,
    suite_with_welcome_after_hello,
};
use crate::target::{Quirk, Target};

const TO_UNKNOWN: &str = r#"
scenario "unknown-target" {
    title "a tell for an unknown target is ignored"
    checks PARLEY-2
    use login alice
    alice > TELL sender=@alice target="unknown" text="hi"
    alice < silence
}
"#;

#[test]
fn a_packet_that_reaches_another_client_breaks_its_silence() {
    let target = Target::start(Quirk::RelaysTellToAll);
    let report = judge(target.address, &[HELLO, TELL]);
    let tell = case(&report, "tell");
    assert_eq!(tell.verdict, Verdict::Fail);
    let failure = tell.failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert_eq!(failure.lane.as_deref(), Some("carol"));
    assert!(failure.got.starts_with("TELL "), "{}", failure.got);
}

#[test]
fn an_answer_to_the_client_itself_breaks_its_silence() {
    let target = Target::start(Quirk::RefusesTellToUnknown);
    let report = judge(target.address, &[HELLO, TO_UNKNOWN]);
    let failure = case(&report, "unknown-target").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert_eq!(failure.got, "REFUSED");
}

#[test]
fn a_closed_connection_is_not_silence() {
    let target = Target::start(Quirk::ClosesAtTellToUnknown);
    let report = judge(target.address, &[HELLO, TO_UNKNOWN]);
    let failure = case(&report, "unknown-target").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Ended);
}

#[test]
fn silence_is_proved_on_lanes_with_and_without_a_name_and_after_a_client_has_left() {
    const ALL: &str = r#"
        scenario "known" {
            title "a lane with a name receives nothing"
            checks PARLEY-2
            use login alice
            alice > TELL sender=@alice target="unknown" text="hi"
            alice < silence
            alice < silence
        }
        scenario "unknown" {
            title "a lane without a name receives nothing"
            checks PARLEY-3
            use login alice
            client carol
            alice > SAY name=@alice text="hi"
            alice < SAY name=@alice text="hi"
            carol < silence after=alice
        }
        scenario "left" {
            title "a client that has left sends nothing more"
            checks PARLEY-2
            use login alice
            use login bob
            alice > TELL sender=@alice target="unknown" text="hi"
            alice > close
            bob < silence after=alice
        }
        scenario "time" {
            title "nothing arrives for a while"
            checks PARLEY-2
            use login alice
            alice < silence { within "50ms"; }
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, ALL]);
    assert_eq!(report.count(Verdict::Pass), 5, "{report:#?}");
    let note = &case(&report, "time").notes[0];
    assert_eq!(
        note,
        "no fence proves the silence on alice; the runner only waited, and nothing arrived"
    );
}

/// Here the fence is a TELL that alice sends to a lane of the runner. The server also answers this TELL with DONE. When DONE
/// arrives, all earlier packets for alice have arrived too.
const ANSWERED: &str = r#"
scenario "answered" {
    title "a tell is answered once"
    checks PARLEY-2
    use login alice
    use login bob
    alice > TELL sender=@alice target=@bob text="hi"
    bob < TELL sender=@alice target=@bob text="hi"
    alice < DONE
    bob < silence after=alice
    alice < silence after=bob
    alice < silence
}
scenario "answered-later" {
    title "a fence works although a lane has packets that no step has taken yet"
    checks PARLEY-2
    use login alice
    use login bob
    alice > HELLO name=@alice
    alice > TELL sender=@alice target=@bob text="hi"
    bob < TELL sender=@alice target=@bob text="hi"
    bob < silence after=alice
    alice < REFUSED
    alice < DONE
    alice < silence
}
"#;

fn judge_by(suite: &Suite, quirk: Quirk) -> Report {
    let target = Target::start(quirk);
    run_suite(suite, target.address, &options()).expect("the options name no case")
}

#[test]
fn the_sender_of_a_fence_may_receive_an_answer() {
    let suite = suite_with_answers(&[HELLO, TELL, ANSWERED]);
    let right = judge_by(&suite, Quirk::AnswersTells(1));
    assert_eq!(
        case(&right, "answered").verdict,
        Verdict::Pass,
        "{right:#?}"
    );
    assert_eq!(
        case(&right, "answered-later").verdict,
        Verdict::Pass,
        "{right:#?}"
    );
}

#[test]
fn a_second_answer_is_not_taken_for_the_answer_to_the_fence() {
    let suite = suite_with_answers(&[HELLO, ANSWERED]);
    let report = judge_by(&suite, Quirk::AnswersTells(2));
    let answered = case(&report, "answered");
    assert_eq!(answered.verdict, Verdict::Fail);
    let failure = answered.failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert_eq!(failure.lane.as_deref(), Some("alice"));
    assert_eq!(failure.got, "DONE");
}

#[test]
fn a_fence_whose_answer_never_comes_proves_nothing() {
    let suite = suite_with_answers(&[HELLO, TO_UNKNOWN]);
    let report = judge_by(&suite, Quirk::None);
    let failure = case(&report, "unknown-target").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::NoFence);
    assert!(failure.expected.starts_with("DONE"), "{}", failure.expected);
}

/// Here the fence is a SAY. All clients receive it, including its sender.
const OVERHEARD: &str = r#"
scenario "overheard" {
    title "clients that only overhear a fence do not see it"
    checks PARLEY-2
    use login alice
    use login bob
    use login carol
    bob < silence after=alice
    alice < silence
    alice > TELL sender=@alice target=@carol text="did you hear that?"
    carol < TELL sender=@alice target=@carol text="did you hear that?"
    bob < silence after=carol
}
"#;

#[test]
fn a_fence_that_reaches_all_clients_disturbs_no_lane_and_proves_silence() {
    let right = suite_with_loud_fences(&[HELLO, TELL, OVERHEARD]);
    let report = judge_by(&right, Quirk::None);
    assert_eq!(report.count(Verdict::Pass), 3, "{report:#?}");
    let report = judge_by(&right, Quirk::RelaysTellToAll);
    let failure = case(&report, "overheard").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert!(failure.got.starts_with("TELL "), "{}", failure.got);
}

#[test]
fn only_the_answer_to_a_login_gives_a_name() {
    // This server answers a TELL for an unknown recipient with WELCOME. This WELCOME answers no HELLO, so the runner must
    // not treat it as the end of alice's login.
    const STRANGER: &str = r#"
        scenario "stranger" {
            title "a lane that has not said hello has no name"
            checks PARLEY-2
            client alice
            alice > TELL sender=@alice target=@alice text="hi"
            alice < WELCOME
            alice < silence
        }"#;
    let by_any = judge_by(&suite(&[HELLO, STRANGER]), Quirk::WelcomesStrangers);
    let failure = case(&by_any, "stranger").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::NoFence, "{failure:#?}");
    let answers_hello = suite_with_welcome_after_hello(&[HELLO, STRANGER]);
    let report = judge_by(&answers_hello, Quirk::WelcomesStrangers);
    assert_eq!(
        case(&report, "stranger").verdict,
        Verdict::Pass,
        "{report:#?}"
    );
}
