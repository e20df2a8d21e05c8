//! Tests of the blocks `either`, `eventually`, `together` and `any-order`.

use conformance::run::{FailureKind, Verdict};

use crate::protocol::{HELLO, case, judge};
use crate::target::{Quirk, Target};

const UNKNOWN: &str = r#"
scenario "unknown" {
    title "a tell for an unknown target is ignored or refused"
    checks PARLEY-6
    use login alice
    use login bob
    alice > TELL sender=@alice target="unknown" text="hi"
    alice < either {
        case "ignores it" { silence; }
        case "refuses it" verdict=note { REFUSED; }
    }
    bob > TELL sender=@bob target=@alice text="go on"
    alice < TELL sender=@bob target=@alice text="go on"
}
"#;

#[test]
fn the_first_alternative_that_fits_is_taken_and_named() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, UNKNOWN]);
    assert_eq!(
        case(&report, "unknown").verdict,
        Verdict::Pass,
        "{report:#?}"
    );
}

#[test]
fn the_answer_to_the_fence_of_another_alternative_is_skipped() {
    let target = Target::start(Quirk::RefusesTellToUnknown);
    let report = judge(target.address, &[HELLO, UNKNOWN]);
    let unknown = case(&report, "unknown");
    assert_eq!(unknown.verdict, Verdict::Note, "{report:#?}");
    assert_eq!(unknown.notes, ["refuses it"]);
}

#[test]
fn when_no_alternative_fits_the_failure_names_all_alternatives() {
    let target = Target::start(Quirk::ClosesAtTellToUnknown);
    let report = judge(target.address, &[HELLO, UNKNOWN]);
    let failure = case(&report, "unknown").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::NoAlternative);
    for name in ["ignores it", "refuses it"] {
        assert!(failure.expected.contains(name), "{}", failure.expected);
    }
    assert_eq!(failure.got, "the connection was closed (FIN)");
}

#[test]
fn an_alternative_that_fails_gives_back_the_packets_of_all_its_lanes() {
    const RACE: &str = r#"
        scenario "race" {
            title "if two clients ask for the same name, one of them gets it"
            checks PARLEY-1
            client alice
            client bob
            together {
                alice > HELLO name=@alice
                bob > HELLO name=@alice
            }
            either {
                case "alice wins" { alice < WELCOME; bob < REFUSED; }
                case "bob wins" { bob < WELCOME; alice < REFUSED; }
            }
        }"#;
    let target = Target::start(Quirk::None);
    for _ in 0..10 {
        let report = judge(target.address, &[HELLO, RACE]);
        assert_eq!(case(&report, "race").verdict, Verdict::Pass, "{report:#?}");
    }
}

#[test]
fn the_steps_of_eventually_are_tried_again() {
    const FREE: &str = r#"
        scenario "free" {
            title "a name becomes free when its client leaves"
            checks PARLEY-1
            use login alice
            alice > close
            eventually 20 {
                client again name=alice
                again > HELLO name=@again
                again < WELCOME
            }
            again < silence
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, FREE]);
    assert_eq!(case(&report, "free").verdict, Verdict::Pass, "{report:#?}");
}

#[test]
fn any_order_takes_each_frame_once() {
    const TWO: &str = r#"
        scenario "two" {
            title "the messages of two clients arrive in any order"
            checks PARLEY-2
            use login alice
            use login bob
            use login carol
            together {
                alice > TELL sender=@alice target=@carol text="1"
                bob > TELL sender=@bob target=@carol text="2"
            }
            carol < any-order {
                TELL sender=@bob target=@carol text="2"
                TELL sender=@alice target=@carol text="1"
            }
            carol < silence
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, TWO]);
    assert_eq!(case(&report, "two").verdict, Verdict::Pass, "{report:#?}");
}
